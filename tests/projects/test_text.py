"""Names and strict JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.errors import Invalid
from projects.jsontext import parse_json
from projects.names import name_key, name_problem, slugify_unique


@pytest.mark.parametrize("name", ["A", "Größe", "日本語", "R&D / Q4", "🚀 Launch", "x" * 100, 'O\'Neill "quoted" <b>'])
def test_printable_names_are_taken(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        " A",
        "A ",
        "x" * 101,
        "a\nb",
        "a\x00b",
        "a\u202eb",
        "a\u200bb",
        "a\ud800b",
        "\u2028",
        "a\tb",
        "\ufeffa",
        "\xa0a",
    ],
)
def test_unprintable_and_padded_names_are_refused(name: str) -> None:
    assert name_problem(name)


def test_names_are_the_same_without_case_and_however_their_accents_are_written() -> None:
    assert name_key("STRASSE") == name_key("Straße")
    assert name_key("Cafe\u0301") == name_key("CAFÉ")
    assert name_key("İ") == name_key(name_key("İ"))


@given(st.text(max_size=50))
def test_the_key_of_a_key_is_itself(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)


def test_a_taken_slug_gets_a_number() -> None:
    taken = {"my-site", "my-site-2"}

    assert slugify_unique("My site", taken.__contains__) == "my-site-3"
    assert slugify_unique("日本", set().__contains__)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '[{"b": {"a": 1, "a": 1}}]',
        "NaN",
        "[Infinity]",
        "[-Infinity]",
        "[1e999]",
        '"\\ud800"',
        '{"\\udc00": 1}',
        '["\\u0000"]',
        '{"\\u0000": 1}',
        "[" * 33 + "]" * 33,
        "[" * 100_000,
        '{"a":' * 50_000,
        "1" * 5_000,
        "",
        "{",
        "{'a': 1}",
        "[1,]",
        '"a" "b"',
        "\ufeff{}",
        "// no\n{}",
    ],
)
def test_what_is_not_strict_json_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_json(text)


@pytest.mark.parametrize("raw", [b"\xff", b'"\xed\xa0\x80"', b"{\x00}"])
def test_bytes_that_are_not_utf8_json_are_refused(raw: bytes) -> None:
    with pytest.raises(Invalid):
        parse_json(raw)


def test_plain_json_is_read() -> None:
    deep = "[" * 32 + "]" * 32

    assert parse_json(b'{"a": [1, 2.5, "\\ud83d\\ude80", null, true]}') == {"a": [1, 2.5, "🚀", None, True]}
    assert parse_json(deep)
    assert parse_json('"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["')
