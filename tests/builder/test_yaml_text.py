"""YAML as project files use it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.yaml_text import parse_yaml, write_yaml
from projects.errors import Invalid

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30) | st.sampled_from(
    [
        "yes",
        "1e3",
        "012",
        "08",
        "a\nb",
        "a\n\nb ",
        "  a\n b\n",
        "\n",
        "- a",
        "---",
        "a: b",
        "=",
        "<<",
        "2001-01-01",
        "1_000",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_written_reads_back_the_same(value: Any) -> None:
    """Interfaces 2: export then import gives the same file, whatever the texts hold."""
    assert repr(parse_yaml(write_yaml(value).encode())) == repr(value)


def test_words_are_texts_unless_json_has_them() -> None:
    """Interfaces 2: outcomes called yes and no stay texts, dates too."""
    assert parse_yaml("[yes, No, on, 2027-01-31, 12:30, 0o7, true, ~, 1.5]") == [
        "yes", "No", "on", "2027-01-31", "12:30", "0o7", True, None, 1.5,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("a: &x 1", "a", "line 1, column 4"),
        ("a:\n  - *x", "a[0]", "line 2, column 5"),
        ("a: !!python/name:os.system x", "a", "line 1, column 4"),
        ("a: {b: 1, b: 2}", "a.b", "line 1, column 11"),
        ("a: .inf", "a", "line 1, column 4"),
        ("a: 1\n--- b\n", "", "line 2, column 1"),
        ("a: [1", "", "line 2, column 1"),
        (b"a: \xff", "", "at byte 3"),
    ],
)
def test_the_surprises_of_yaml_are_refused_with_their_place(text: str | bytes, path: str, place: str) -> None:
    """Interfaces 2: anchors, aliases, tags, twin keys, NaN and second documents are refused with the place."""
    with pytest.raises(Invalid) as refused:
        parse_yaml(text)
    detail = refused.value.details[0]
    assert detail.path == path
    assert place in detail.message
