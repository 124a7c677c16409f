"""What is read in a snapshot is of one moment; a page that took half of an edit would never hear of the other half."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from projects.models import Project
from projects.snapshot import snapshot

pytestmark = pytest.mark.django_db(transaction=True)


def _renamed(pk: int, name: str) -> None:
    """As another request would do it, on a connection of its own."""

    def rename() -> None:
        Project.objects.filter(pk=pk).update(name=name)
        connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(rename).result()


def _name_of(pk: int) -> str:
    return Project.objects.values_list("name", flat=True).get(pk=pk)


def test_what_others_commit_meanwhile_is_not_seen() -> None:
    pk = Project.objects.create(name="Before", slug="before").pk
    with snapshot():
        assert _name_of(pk) == "Before"
        _renamed(pk, "After")  # and it does not wait for those who read
        assert _name_of(pk) == "Before"
    assert _name_of(pk) == "After"


def test_it_ends_with_what_failed_inside() -> None:
    pk = Project.objects.create(name="Before", slug="before").pk
    with pytest.raises(ZeroDivisionError), snapshot():
        _name_of(pk)
        raise ZeroDivisionError
    _renamed(pk, "After")
    assert _name_of(pk) == "After"
    Project.objects.filter(pk=pk).update(name="Again")  # the connection writes as before
    assert _name_of(pk) == "Again"
