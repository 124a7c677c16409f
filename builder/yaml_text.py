"""YAML of project files: read as plain data with every surprise of YAML refused, and written to be read back."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from builder.validation import path_text
from projects.errors import Detail, Invalid

DEEPEST = 32
_LONGEST_NUMBER = 100  # characters

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BaseDumper: Any = yaml.SafeDumper  # the one in C escapes every emoji

# The words of YAML 1.2's core schema: yes, no, on and off are texts, as are dates and 012:30.
_WORDS: dict[str, bool | None] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_Loc = tuple[str | int, ...]


def parse_yaml(raw: bytes | str) -> Any:
    """One YAML document as JSON values.

    Raises Invalid with path, line and column for: anchors, aliases, tags, a key given twice, infinity and NaN, nesting
    over 32, a second document, and text that is no YAML.
    """
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
    except UnicodeDecodeError as error:
        place = Detail(path="", message=f"at byte {error.start}")
        raise Invalid("The file is not in UTF-8.", details=[place]) from None
    try:
        return _Builder(yaml.parse(text, Loader=_Loader)).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        _refuse((), mark, getattr(error, "problem", None) or "is no YAML")


def write_yaml(data: Any) -> str:
    """`data` as YAML that `parse_yaml` reads back as the same."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def _refuse(loc: _Loc, mark: Any, message: str) -> NoReturn:
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    raise Invalid("The YAML cannot be read.", details=[Detail(path=path_text(loc), message=f"{place}{message}")])


class _Builder:
    """Builds plain values from the parser's events, so that nothing of YAML's object model is ever made."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events

    def document(self) -> Any:
        next(self._events)  # the stream's start
        if isinstance(event := next(self._events), yaml.StreamEndEvent):
            return None
        value = self._value(next(self._events), ())
        next(self._events)  # the document's end
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            _refuse((), event.start_mark, "a project file is one document")
        return value

    def _value(self, event: Any, loc: _Loc, depth: int = 0) -> Any:
        self._refuse_tricks(event, loc)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event, loc)
        if depth >= DEEPEST:
            _refuse(loc[:8], event.start_mark, f"nested over {DEEPEST} deep")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(loc, depth + 1)
        return self._mapping(loc, depth + 1)

    def _sequence(self, loc: _Loc, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*loc, len(items)), depth))
        return items

    def _mapping(self, loc: _Loc, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._refuse_tricks(event, loc)
            if not isinstance(event, yaml.ScalarEvent):
                _refuse(loc, event.start_mark, "a key must be text")
            key = event.value
            if key in items:
                _refuse((*loc, key), event.start_mark, "the key is there twice")
            items[key] = self._value(next(self._events), (*loc, key), depth)
        return items

    @staticmethod
    def _refuse_tricks(event: Any, loc: _Loc) -> None:
        if isinstance(event, yaml.AliasEvent):
            _refuse(loc, event.start_mark, f"aliases are not taken (*{event.anchor})")
        if event.anchor is not None:
            _refuse(loc, event.start_mark, f"anchors are not taken (&{event.anchor})")
        if event.tag is not None:
            _refuse(loc, event.start_mark, f"tags are not taken ({event.tag})")


def _scalar(event: Any, loc: _Loc) -> Any:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or a block
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _NO_NUMBER.fullmatch(text):
        _refuse(loc, event.start_mark, "infinity and NaN are no values")
    if len(text) > _LONGEST_NUMBER:
        if _INT.fullmatch(text):
            _refuse(loc, event.start_mark, "the number is too long")
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            _refuse(loc, event.start_mark, "the number is too large")
        return number
    return text


class _Dumper(_BaseDumper):  # type: ignore[misc]
    """Quotes whatever any YAML reader could take for something else than text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    if not text.isprintable() and "\n" in text and text.replace("\n", "").isprintable():
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    # Line breaks of Unicode, tabs and the like come back right only when they are escaped.
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
# PyYAML's own words (yes, 0o7, dates) are known to the dumper; these are what the reader above knows beside them.
_Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(f"^(?:{_INT.pattern})$"), list("-+0123456789"))
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(f"^(?:{_FLOAT.pattern})$"), list("-+.0123456789"))
