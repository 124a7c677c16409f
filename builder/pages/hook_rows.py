"""The hooks of a stage as rows of a form: from blocks to rows, from a form to rows, and rows that come, go and move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict

from builder.pages.hook_blocks import KINDS, text_fields
from builder.pages.typed import json_or_text_text, number_text, template_text, text_in, whole

Json = Any
Row = dict[str, Json]
MOMENTS = ("entry", "exit")
MOST_HOOKS = 100  # at each moment
_MOST_OPTIONS = 100
_CHECKS = ("required", "starter_may_answer")


def stored_rows(entry: Sequence[Mapping[str, Json]], leave: Sequence[Mapping[str, Json]]) -> list[Row]:
    """The hooks at a stage's entry and exit as rows."""
    rows = [_row(moment, block) for moment, blocks in zip(MOMENTS, (entry, leave), strict=True) for block in blocks]
    return numbered(rows)


def _row(moment: str, block: Mapping[str, Json]) -> Row:
    kind = block["kind"]
    row: Row = {**_blank(moment, kind), "name": block["name"], "output_key": block["output_key"] or ""}
    when = block["when"]
    if when:
        row |= {"when_path": when["path"], "when_op": when["op"], "when_value": json_or_text_text(when["value"])}
    for name in _CHECKS:
        row[name] = bool(block.get(name, row[name]))
    deadline = block.get("deadline")
    if deadline:
        row |= {"deadline_after": number_text(deadline["after"]), "deadline_outcome": deadline["outcome"] or ""}
    return row | _of_kind(kind, block)


def _of_kind(kind: str, block: Mapping[str, Json]) -> Row:
    if kind == "approval":
        return {
            "message": block["message"],
            "options": [{"label": label, "outcome": outcome or ""} for label, outcome in block["options"].items()],
            "channels": list(block["channels"]),
            "reminders": "\n".join(number_text(after) for after in block["reminders"]),
            "approvers": "\n".join(block["approvers"]),
            "quorum": str(block["quorum"]),
        }
    if kind == "http":
        return {
            "method": block["method"],
            "url": block["url"],
            "headers": "\n".join(f"{name}: {value}" for name, value in block["headers"].items()),
            "body": json_or_text_text(block["body"]),
            "timeout": number_text(block["timeout"]),
            "effect": block["effect"],
        }
    if kind == "wait":
        seconds = block["seconds"]
        return {"seconds": "" if seconds is None else number_text(seconds), "until": block["until"] or ""}
    if kind == "event":
        return {"type": block["type"]}
    if kind == "workflow":
        return {"workflow": block["workflow"], "input": template_text(block["input"])}
    return {"to": block["to"], "message": block["message"]}


def _blank(moment: str, kind: str) -> Row:
    """A hook of this kind as the form begins with it."""
    return {
        **dict.fromkeys(text_fields(), ""),
        "moment": moment,
        "kind": kind,
        "options": [],
        "channels": ["inbox"],
        "quorum": "1",
        "timeout": "30",
        "method": "POST",
        "effect": "keyed",
        "required": False,
        "starter_may_answer": True,
        "open": False,
        "focus": False,
    }


def numbered(rows: Sequence[Row]) -> list[Row]:
    """The rows in the order of their moments, each with its place, its names in the form and its problems."""
    ordered = [row for moment in MOMENTS for row in rows if row["moment"] == moment]
    made = []
    for index, row in enumerate(ordered):
        prefix = f"hook-{index}"
        places = [place for place, other in enumerate(ordered) if other["moment"] == row["moment"]]
        options = [
            {"focus": False, **option, "index": number, "prefix": f"{prefix}-option-{number}", "errors": {}}
            for number, option in enumerate(row["options"])
        ]
        made.append(
            {
                **row,
                "index": index,
                "prefix": prefix,
                "place": index - places[0],
                "first": index == places[0],
                "last": index == places[-1],
                "kind_label": KINDS[row["kind"]],
                "options": options,
                "errors": {},
            }
        )
    return [{**row, "moved": _still(row)} for row in made]


def _still(row: Row) -> str:
    """The button that the focus stays on: the one that was pressed, or its neighbour where it cannot go on."""
    moved: str = row.get("moved", "")
    ends = {"up": row["first"], "down": row["last"]}
    return ("down" if moved == "up" else "up") if moved and ends[moved] else moved


# Forms


def posted_rows(form: QueryDict) -> list[Row]:
    """The rows as they were typed; a few over the limit are kept, so that it is told and nothing is lost."""
    count = min(whole(form, "hooks"), 2 * MOST_HOOKS + 10)
    rows = (_posted_row(form, f"hook-{index}-") for index in range(count))
    return numbered([row for row in rows if row["kind"] in KINDS and row["moment"] in MOMENTS])


def _posted_row(form: QueryDict, prefix: str) -> Row:
    row = _blank(form.get(f"{prefix}moment", ""), form.get(f"{prefix}kind", ""))
    row |= {name: text_in(form, prefix + name, row[name]) for name in text_fields()}
    row |= {name: f"{prefix}{name}" in form for name in _CHECKS}
    row["name"] = row["name"].strip(" ")
    row["channels"] = form.getlist(f"{prefix}channels")
    count = min(whole(form, f"{prefix}options"), _MOST_OPTIONS + 10)
    row["options"] = [
        {
            "label": form.get(f"{prefix}option-{number}-label", "").strip(" "),
            "outcome": form.get(f"{prefix}option-{number}-outcome", ""),
        }
        for number in range(count)
    ]
    row["open"] = f"{prefix}open" in form
    return row


# What buttons do to the rows


def pressed(rows: Sequence[Row], action: str, outcomes: Sequence[str]) -> list[Row] | None:
    """The rows after one of the buttons of the form: `add entry`, `up 2`, `down 2`, `remove 2`, `option 2`,
    `unoption 2 0`. None where there is no such button. `outcomes`: what an option can lead to."""
    word, _, rest = action.partition(" ")
    if word == "add":
        return _with_one_more(rows, *rest.split(" ", 1), outcomes=outcomes) if " " in rest else None
    numbers = [int(part) for part in rest.split(" ") if part.isascii() and part.isdecimal()]
    if not numbers or numbers[0] >= len(rows):
        return None
    changed = list(rows)
    row = changed[numbers[0]]
    if word == "remove":
        changed.remove(row)
    elif word in ("up", "down"):
        _swap(changed, numbers[0], -1 if word == "up" else 1)
    elif word == "option":
        led_to = [option["outcome"] for option in row["options"]]
        left_over = next((label for label in outcomes if label not in led_to), "")
        fresh = {"label": "", "outcome": left_over, "focus": True}
        changed[numbers[0]] = {**row, "open": True, "options": [*row["options"], fresh]}
    elif word == "unoption" and len(numbers) > 1:
        left = [option for option in row["options"] if option["index"] != numbers[1]]
        changed[numbers[0]] = {**row, "open": True, "options": left}
    else:
        return None
    return numbered(changed)


def _with_one_more(rows: Sequence[Row], moment: str, kind: str, *, outcomes: Sequence[str]) -> list[Row] | None:
    if moment not in MOMENTS or kind not in KINDS:
        return None
    fresh = {**_blank(moment, kind), "open": True, "focus": True}
    if kind == "approval":
        labels = outcomes or ("",)
        fresh["options"] = [{"label": _titled(label) or "Approve", "outcome": label} for label in labels]
    return numbered([*rows, fresh])


def _titled(label: str) -> str:
    """A button's words for an outcome: `approve` is Approve, `needs_more` is Needs more."""
    words = label.replace("_", " ")
    return words[:1].upper() + words[1:]


def _swap(rows: list[Row], index: int, by: int) -> None:
    other = index + by
    if 0 <= other < len(rows) and rows[other]["moment"] == rows[index]["moment"]:
        rows[index], rows[other] = rows[other], {**rows[index], "moved": "up" if by < 0 else "down"}
