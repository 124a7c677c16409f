"""Rows of the hooks' form as blocks of the project file, and problems at their fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from builder.pages.typed import number, object_or_text, value_of
from builder.validation import path_text
from projects.errors import Detail

Json = Any
Row = dict[str, Json]
Block = dict[str, Json]
KINDS = {
    "approval": "Approval (blocking)",
    "http": "HTTP request",
    "telegram": "Telegram message",
    "slack": "Slack message",
    "email": "E-mail",
    "wait": "Wait",
    "event": "Wait for an event",
    "workflow": "Start a workflow",
}
_COMMON = ("name", "output_key", "when_path", "when_op", "when_value")
_OF_KIND = {
    "approval": ("message", "deadline_after", "deadline_outcome", "reminders", "approvers", "quorum"),
    "http": ("method", "url", "headers", "body", "timeout", "effect"),
    "telegram": ("to", "message"),
    "slack": ("to", "message"),
    "email": ("to", "message"),
    "wait": ("seconds", "until"),
    "event": ("type", "deadline_after", "deadline_outcome"),
    "workflow": ("workflow", "input"),
}
_HEADER = re.compile(r"\s*([^:]*?)\s*:[ \t]*(.*)")


def text_fields() -> tuple[str, ...]:
    """Every field of text that some kind of hook has."""
    return tuple(dict.fromkeys((*_COMMON, *(name for names in _OF_KIND.values() for name in names))))


def blocks_of(rows: Sequence[Row], moment: str, renames: Mapping[str, str] | None = None) -> list[Block]:
    """What the rows of one moment ask for; `renames` are outcomes renamed in the same form, old label to new."""
    follow = renames or {}
    return [_block(row, follow) for row in rows if row["moment"] == moment]


def _block(row: Row, renames: Mapping[str, str]) -> Block:
    block: Block = {"kind": row["kind"], "name": row["name"], "output_key": row["output_key"].strip() or None}
    block["when"] = _condition(row)
    if row["kind"] != "approval":
        block["required"] = row["required"]
    return block | _MADE.get(row["kind"], _message)(row, renames)


def _condition(row: Row) -> Block | None:
    if not row["when_op"]:
        return None
    return {"path": row["when_path"].strip(), "op": row["when_op"], "value": value_of(row["when_value"])}


def _approval(row: Row, renames: Mapping[str, str]) -> Block:
    return {
        "message": row["message"],
        "options": {option["label"]: _outcome(option["outcome"], renames) for option in row["options"]},
        "channels": row["channels"],
        "deadline": _deadline(row, renames),
        "reminders": [number(part) for part in _parts(row["reminders"])],
        "approvers": _parts(row["approvers"]),
        "quorum": number(row["quorum"]),
        "starter_may_answer": row["starter_may_answer"],
    }


def _outcome(label: str, renames: Mapping[str, str]) -> str | None:
    return renames.get(label, label) or None


def _deadline(row: Row, renames: Mapping[str, str]) -> Block | None:
    if not row["deadline_after"].strip():
        return None
    return {"after": number(row["deadline_after"]), "outcome": _outcome(row["deadline_outcome"], renames)}


def _parts(text: str) -> list[str]:
    """One a line, or with commas between them."""
    return [part.strip() for part in re.split(r"[\n,]", text) if part.strip()]


def _http(row: Row, _: Mapping[str, str]) -> Block:
    return {
        "method": row["method"],
        "url": row["url"].strip(),
        "headers": dict(_headers(row)),
        "body": value_of(row["body"]),
        "timeout": number(row["timeout"]),
        "effect": row["effect"],
    }


def _headers(row: Row) -> list[tuple[str, str]]:
    found = ((line, _HEADER.fullmatch(line)) for line in row["headers"].split("\n") if line.strip())
    return [(match[1], match[2]) if match else (line.strip(), "") for line, match in found]


def _wait(row: Row, _: Mapping[str, str]) -> Block:
    seconds = row["seconds"].strip()
    return {"seconds": number(seconds) if seconds else None, "until": row["until"].strip() or None}


def _event(row: Row, renames: Mapping[str, str]) -> Block:
    return {"type": row["type"].strip(), "deadline": _deadline(row, renames)}


def _workflow(row: Row, _: Mapping[str, str]) -> Block:
    return {"workflow": row["workflow"], "input": object_or_text(row["input"])}


def _message(row: Row, _: Mapping[str, str]) -> Block:
    return {"to": row["to"].strip(), "message": row["message"]}


_MADE = {"approval": _approval, "http": _http, "wait": _wait, "event": _event, "workflow": _workflow}


# Problems


def put_typed_errors(rows: Sequence[Row]) -> bool:
    """Put what a block cannot hold at its rows: twins among options and headers, and lines that are no header."""
    for row in rows:
        for option, label in _twins([(option, option["label"]) for option in row["options"]]):
            option["errors"]["label"] = f"{label!r} is there twice"
        for line in row["headers"].split("\n") if row["kind"] == "http" else ():
            if line.strip() and not _HEADER.fullmatch(line):
                row["errors"]["headers"] = f"{line.strip()[:100]!r} is no header: write Name: value"
        for _, name in _twins([(None, name) for name, _ in _headers(row)] if row["kind"] == "http" else []):
            row["errors"]["headers"] = f"the header {name!r} is there twice"
    wrong = [row for row in rows if row["errors"] or any(option["errors"] for option in row["options"])]
    for row in wrong:
        row["open"] = True
    return bool(wrong)


def _twins(items: Sequence[tuple[Json, str]]) -> Iterator[tuple[Json, str]]:
    seen: set[str] = set()
    for item, text in items:
        if text in seen:
            yield item, text
        seen.add(text)


def put_error(rows: Sequence[Row], inside: str, detail: Detail) -> bool:
    """Put one problem at its row, by its path inside the stage (`exit_hooks[0].deadline.after`); False where it
    belongs to none."""
    for row in rows:
        hook = path_text((f"{row['moment']}_hooks", row["place"]))
        if inside != hook and not inside.startswith((f"{hook}.", f"{hook}[")):
            continue
        row["open"] = True
        rest = inside.removeprefix(hook).lstrip(".")
        for option in row["options"]:
            if rest == path_text(("options", option["label"])):
                about_label = detail.message.startswith("as a label: ")
                field = "label" if about_label else "outcome"
                option["errors"].setdefault(field, detail.message.removeprefix("as a label: "))
                return True
        row["errors"].setdefault(_field(row, rest), detail.message)
        return True
    return False


def _field(row: Row, rest: str) -> str:
    if row["kind"] == "wait" and not rest:
        return "seconds"
    for group in ("when", "deadline"):
        if rest.startswith(f"{group}."):
            return f"{group}_{rest.removeprefix(f'{group}.')}"
    field = rest.split(".")[0].split("[")[0]
    known = (*text_fields(), "options", "channels")
    return field if field in known else "row"
