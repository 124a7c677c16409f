"""The settings of a project: its own fields, its members, its API tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from builder.pages.agent_form import offered_models
from builder.pages.project_frame import frame
from builder.pages.tokens import tokens_section
from builder.pages.typed import text_in
from projects.access import Caller, Role
from projects.models import Project
from projects.queries import members_of

Json = Any
LABELS = {"name": "Name", "description": "Description", "default_model": "Default model"}
_HELP = {
    "name": "Its address stays the same when the name changes.",
    "description": "What it is for: shown with its name, and not in its file.",
    "default_model": "Asked by every agent that names no model of its own: scripted, or provider:model.",
}


def stored_values(project: Project) -> dict[str, str]:
    """The project's own settings as the form shows them."""
    return {"name": project.name, "description": project.description, "default_model": project.default_model or ""}


def posted_values(form: QueryDict, prefix: str = "") -> dict[str, str]:
    """What was typed; with the prefix `seen-` what the form was shown with."""
    return {name: text_in(form, f"{prefix}{name}", "") for name in LABELS}


def meaning(values: Mapping[str, str]) -> dict[str, str | None]:
    """The settings as the project holds them: no model is null."""
    model = values["default_model"].strip() or None
    return {"name": values["name"], "description": values["description"].strip(), "default_model": model}


def settings_page(caller: Caller, project: Project, **changed: Json) -> dict[str, Json]:
    """The context of projects/settings.html.

    `changed` are the parts of a form that was refused: `values`, `errors`, `seen`; `member`, `member_errors`; `token`,
    `token_errors`; `delete_error`, `delete_typed`. Or what there is to show: `new_token`; `focus`, the part to go on
    in.
    """
    shown = frame(caller, project, "Settings")
    return {
        **shown,
        "settings_url": reverse("project-settings", args=[project.slug]),
        "export_url": reverse("project-export", args=[project.slug]),
        "import_url": reverse("project-import", args=[project.slug]) if shown["can_edit"] else "",
        **_own(project, changed),
        **_members(caller, project, changed),
        **(tokens_section(project, changed) if shown["is_owner"] else {}),
        "delete_url": reverse("project-delete", args=[project.slug]) if shown["is_owner"] else "",
        "delete_error": changed.get("delete_error", ""),
        "delete_typed": changed.get("delete_typed", ""),
        "focus": changed.get("focus", ""),
    }


def _own(project: Project, changed: Mapping[str, Json]) -> dict[str, Json]:
    stored = stored_values(project)
    values, errors = changed.get("values") or stored, changed.get("errors") or {}
    shapes: dict[str, dict[str, Json]] = {"name": {"required": True, "autocomplete": "off"}}
    shapes["description"] = {"kind": "textarea", "rows": 2, "short": True}
    shapes["default_model"] = {"list": "project-models", "placeholder": "provider:model", "autocomplete": "off"}
    return {
        "fields": [
            {
                "kind": "text",
                **shapes[name],
                "id": f"project-{name}",
                "name": name,
                "label": label,
                "value": values[name],
                "help": _HELP[name],
                "error": errors.get(name, ""),
                "autofocus": name in errors and name == next(iter(errors)),
            }
            for name, label in LABELS.items()
        ],
        "seen": changed.get("seen") or stored,
        "models": offered_models(project),
    }


def _members(caller: Caller, project: Project, changed: Mapping[str, Json]) -> dict[str, Json]:
    errors = changed.get("member_errors") or {}
    rows = [
        {
            "id": row.user_id,
            "html_id": str(row.user_id),
            "user": row.user.get_username(),
            "role": row.role,
            "is_you": row.user_id == caller.user.pk,
            "error": errors.get(f"of {row.user.get_username()}", ""),
        }
        for row in members_of(project).order_by("user__username")
    ]
    return {
        "members": rows,
        "roles": [{"value": role.value, "label": role.value.title()} for role in Role],
        "member": changed.get("member") or {"user": "", "role": Role.VIEWER.value},
        "member_errors": errors,
    }
