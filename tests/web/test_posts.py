"""Addresses that take a form: whoever had to sign in first comes by with a GET."""

from __future__ import annotations

import pytest

from tests.web.conftest import Site


@pytest.mark.parametrize("form", ["answer", "stop", "new project"])
def test_a_form_asked_for_by_get_leads_to_its_page_and_changes_nothing(site: Site, form: str) -> None:
    """Rule 7.3: a GET never decides; nor does it end in an empty page."""
    address, page = {
        "answer": (f"/a/{site.gate.pk}/answer?option=Yes", f"/a/{site.gate.pk}"),
        "stop": (f"/r/{site.run.pk}/cancel", f"/r/{site.run.pk}"),
        "new project": ("/projects/new", "/"),
    }[form]

    answer = site.client("owner").get(address)

    assert answer.status_code == 302
    assert answer.headers["Location"] == page
    site.run.refresh_from_db()
    site.gate.refresh_from_db()
    assert (site.run.status, site.gate.status) == ("waiting", "open")
