"""The import dialog: what was chosen or pasted, what an import would do, and what is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from builder.pages.lines import line_finder, told
from builder.pages.typed import lines
from builder.pages.written import parse
from builder.project_file import MOST_BYTES, ImportReport
from projects.errors import BatonError, Detail, Invalid, TooLarge
from projects.models import Project

Json = Any
TEMPLATE = "projects/_import_dialog.html"
_KINDS = {"agents": "Agent", "workflows": "Workflow"}
_MOST_PROBLEMS = 100


def posted_text(request: HttpRequest) -> str:
    """The file that was chosen, else the text that was pasted. Raises Invalid and TooLarge."""
    chosen = request.FILES.get("file")
    if chosen is None:
        text = lines(request.POST.get("text", ""))
    elif (chosen.size or 0) > MOST_BYTES:
        raise TooLarge(f"A project file may have 1 MiB ({MOST_BYTES:,} bytes); this one has {chosen.size:,} bytes.")
    else:
        try:
            text = chosen.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Invalid("This file is no text in UTF-8, so it is no project file.") from None
    return text.removeprefix("\ufeff")


def parsed(text: str, project: Project | None, take_name: bool) -> Json:
    """The file's values. Into a given project it brings its own name and default model only if that was asked for.

    Raises Invalid, and TooLarge over 1 MiB.
    """
    if not text.strip():
        raise Invalid("Choose a project file, or paste its text.")
    raw = parse(text)
    block = raw.get("project") if isinstance(raw, Mapping) else None
    if project is None or take_name or not isinstance(block, Mapping):
        return raw
    kept = {key: value for key, value in block.items() if key != "default_model"}
    return {**raw, "project": {**kept, "name": project.name}}


def mark(text: str, take_name: bool) -> str:
    """Says which text and which choice were checked: an import carries out what was shown, and nothing else."""
    return hashlib.sha256(f"{take_name}:{text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def dialog(project: Project | None, text: str = "", take_name: bool = False, **more: Json) -> dict[str, Json]:
    """The context of projects/_import_dialog.html; `more` is what `plan` or `problems` gave."""
    return {
        "into": {"name": project.name, "url": reverse("project", args=[project.slug])} if project else None,
        "import_url": reverse("project-import", args=[project.slug]) if project else reverse("import"),
        "text": text,
        "take_name": take_name,
        "most_bytes": MOST_BYTES,
        "plan": None,
        "problems": None,
        **more,
    }


def plan(report: ImportReport, raw: Json, text: str, take_name: bool, *, changed: bool) -> dict[str, Json]:
    """What the import would do, of a dry run; `changed`: it is not what was checked before."""
    target = Project.objects.filter(slug=report.project).first()
    entries = [_entry(path, "New") for path in report.created] + [_entry(path, "Changed") for path in report.updated]
    total = sum(len(raw.get(part) or ()) for part in _KINDS)
    find = line_finder(text) if report.warnings else None
    return {
        "plan": {
            "is_new": target is None,
            "target": target.name if target else raw["project"]["name"],
            "entries": entries,
            "same": total - sum(entry["kind"] != "Project" for entry in entries),
            "nothing": target is not None and not entries,
            "warnings": [told(item, find) for item in report.warnings] if find else [],
            "mark": mark(text, take_name),
            "changed": changed,
        }
    }


def problems(error: BatonError, text: str, raw: Json) -> dict[str, Json]:
    """Everything that is wrong, each with its line and its place. `raw` is None where the text could not be read."""
    find = line_finder(text) if raw is not None and any(detail.path for detail in error.details) else _no_line
    # What is about the whole file may be said in the message already.
    details = [detail for detail in error.details if detail.path or detail.message not in error.message]
    items = [_placed(detail, find) for detail in details]
    return {
        "problems": {
            "message": error.message,
            "items": items[:_MOST_PROBLEMS],
            "more": max(len(items) - _MOST_PROBLEMS, 0),
        }
    }


def _placed(detail: Detail, find: Any) -> dict[str, str]:
    line = find(detail.path) if detail.path else None
    return {"line": str(line or ""), "place": detail.path, "message": detail.message}


def _no_line(_: str) -> int | None:
    return None


def _entry(path: str, what: str) -> dict[str, str]:
    part, _, name = path.partition("/")
    return {"what": what, "kind": _KINDS.get(part, "Project"), "name": name or "its name or default model"}
