"""The drawer that creates or edits an agent: its form, its mistakes and its conflicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from agents.models import Agent
from agents.runtime.errors import PermanentError
from agents.runtime.models import SCRIPTED, check_model
from builder.errors import EditedMeanwhile
from builder.pages.agents import places_of
from builder.pages.conflict import panel
from builder.pages.lines import line_finder, told
from builder.pages.touched import marks_of, touched
from builder.pages.typed import text_in
from builder.pages.written import parse
from builder.yaml_text import write_yaml
from projects.errors import BatonError, Detail
from projects.models import Project

Json = Any
Values = Mapping[str, str]
TEMPLATE = "agents/_drawer.html"
LABELS = {
    "name": "Name",
    "role": "Role",
    "perspective": "Perspective",
    "model": "Model",
    "fallback_model": "Fallback model",
    "script": "Script",
    "subagent_script": "Script of its subagents",
}
SCRIPTS = ("script", "subagent_script")
_MODELS = ("model", "fallback_model")
# Offered while typing; any other `provider:model` can be typed as well.
SUGGESTED = (
    SCRIPTED,
    "openai:gpt-6.1-sol",
    "openai:gpt-6-luna",
    "anthropic:claude-opus-5-5",
    "anthropic:claude-sonnet-5-5",
    "anthropic:claude-haiku-5-5",
    "google:gemini-3.1-pro-preview",
    "google:gemini-3.8-flash",
    "deepseek:deepseek-v4-pro",
)
_KEYS = "Keys are set in the environment of Baton, such as OPENAI_API_KEY; see docs/settings.md."
_HELP = {
    "role": "Who it is, in a few words: Writer, Reviewer, Release manager.",
    "perspective": "How it looks at its work. Every task that it is given begins with this.",
    "model": "Left empty: the project’s default model. “scripted” plays the script below and needs no key.",
    "fallback_model": "Asked where the first one fails for good.",
    "script": "What it says and does, turn by turn, as YAML or JSON. The model “scripted” plays it, without any key.",
    "subagent_script": "The same, for the subagents that it starts.",
}
_EXAMPLES = {
    "script": "- share: {title: Spring news}\n- trigger_workflow: {workflow: Analyze, context: the title}\n"
    "- say: I have read it.\n- decide: approve"
}
_MOST_PROBLEMS = 8


def stored_values(agent: Agent | None) -> dict[str, str]:
    """The fields as the form shows them; of no agent: an empty form."""
    if agent is None:
        return dict.fromkeys(LABELS, "")
    scripts = {name: write_yaml(steps) if (steps := getattr(agent, name)) else "" for name in SCRIPTS}
    texts = {name: getattr(agent, name) or "" for name in LABELS if name not in SCRIPTS}
    return {**texts, **scripts}


def posted_values(form: QueryDict, stored: Values) -> dict[str, str]:
    """What was typed."""
    return {name: text_in(form, name, stored[name]) for name in LABELS}


def block(values: Values, names: Collection[str]) -> tuple[dict[str, Json], dict[str, str]]:
    """The named fields as the agent's block holds them, and why a script cannot be read, by field."""
    found: dict[str, Json] = {}
    errors: dict[str, str] = {}
    for name in names:
        found[name] = values[name]
        if name in _MODELS:
            found[name] = values[name].strip() or None
        elif name in SCRIPTS:
            try:
                steps = parse(values[name])
                found[name] = [] if steps is None else steps
            except BatonError as error:
                errors[name] = error.details[0].message if error.details else error.message
    return found, errors


def drawer(
    project: Project,
    agent: Agent | None,
    *,
    can_edit: bool,
    values: Values | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: Mapping[str, Json] | None = None,
    marks: Mapping[str, str] | None = None,
    version: int | None = None,
    refused: str = "",
) -> dict[str, Json]:
    """The context of agents/_drawer.html; `values` are what was typed, not stored yet; `refused`: why it cannot go."""
    stored = stored_values(agent)
    shown, wrong = values or stored, errors or {}
    model = shown["model"].strip() or project.default_model
    return {
        "key": f"agent:{agent.pk if agent else 'new'}",
        "save_url": address(project, agent),
        "agent": {"name": agent.name} if agent else None,
        "can_edit": can_edit,
        "version": (agent.version if agent else 0) if version is None else version,
        "marks": marks_of(stored) if marks is None else marks,
        "who": [_field(name, shown, wrong) for name in ("name", "role", "perspective")],
        "thinks": [_model_field(name, project, shown, wrong) for name in _MODELS],
        "scripts": [_field(name, shown, wrong) for name in SCRIPTS],
        "scripts_open": model == SCRIPTED or any(shown[name] or name in wrong for name in SCRIPTS),
        "models": offered_models(project),
        "model_note": _model_note(model),
        "errors": wrong,
        "conflict": conflict,
        "dirty": values is not None,
        "places": places_of(agent) if agent else [],
        "refused": refused,
    }


def errors_of(details: Sequence[Detail], message: str, values: Values) -> dict[str, str]:
    """The problems at their fields, those of a script after their line; what belongs to none is about the whole."""
    found: dict[str, list[str]] = {}
    finders = {name: line_finder(values[name]) for name in SCRIPTS if any(d.path.startswith(name) for d in details)}
    for detail in details:
        name = detail.path.partition(".")[0].partition("[")[0]
        if name in finders:
            found.setdefault(name, []).append(told(detail, finders[name], name))
        else:
            found.setdefault(name if name in LABELS else "form", []).append(detail.message)
    return {name: _joined(texts) for name, texts in found.items()} or {"form": message}


def after_conflict(
    project: Project, agent: Agent, typed: Values, marks: Mapping[str, str], error: EditedMeanwhile
) -> tuple[dict[str, str], dict[str, Json]]:
    """The values that Keep mine saves, with what others did beside them, and the panel of yours and theirs."""
    stored = stored_values(agent)
    changed = touched(typed, marks)
    values = {name: typed[name] if name in changed else stored[name] for name in LABELS}
    fields = [
        (label, values[name] or "(nothing)", stored[name] or "(nothing)")
        for name, label in LABELS.items()
        if values[name] != stored[name]
    ]
    taken = [(LABELS[name], stored[name]) for name in touched(stored, marks) if name not in changed]
    error.at = agent.updated_at
    return values, panel(error, fields, address(project, agent), taken)


def address(project: Project, agent: Agent | None) -> str:
    """Where the form of this agent is, or that of a new one."""
    return reverse("agent-edit", args=[project.slug, agent.pk]) if agent else reverse("agent-new", args=[project.slug])


def _joined(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_PROBLEMS
    return "\n".join([*texts[:_MOST_PROBLEMS], *([f"and {more} more"] if more > 0 else [])])


def _field(name: str, values: Values, errors: Mapping[str, str]) -> dict[str, Json]:
    shape: dict[str, Json] = {"kind": "text"}
    if name in SCRIPTS:
        shape = {"kind": "textarea", "mono": True, "rows": 8 if name == "script" else 4}
    elif name == "perspective":
        shape = {"kind": "textarea", "rows": 6}
    elif name == "role":
        shape = {"kind": "textarea", "rows": 2, "short": True}
    elif name == "name":
        shape = {"kind": "text", "required": True, "autocomplete": "off"}
    return {
        **shape,
        "id": f"agent-{name}",
        "name": name,
        "label": LABELS[name],
        "value": values[name],
        "help": _HELP.get(name, ""),
        "placeholder": _EXAMPLES.get(name, ""),
        "error": errors.get(name, ""),
    }


def _model_field(name: str, project: Project, values: Values, errors: Mapping[str, str]) -> dict[str, Json]:
    shown = (project.default_model if name == "model" else None) or "provider:model"
    return {**_field(name, values, errors), "list": "agent-models", "placeholder": shown, "autocomplete": "off"}


def offered_models(project: Project) -> list[str]:
    """The models to choose from: those of the project first, then others that are known."""
    own = Agent.objects.filter(project=project).exclude(model=None).values_list("model", flat=True).distinct()
    return list(
        dict.fromkeys([name for name in (project.default_model, *own.order_by("model")) if name] + [*SUGGESTED])
    )


def _model_note(model: str | None) -> str:
    """Why this model cannot be asked as things are; nothing where it can."""
    if model is None:
        return "The project has no default model: without one here, a run with this agent fails."
    try:
        check_model(model)
    except PermanentError as error:
        return str(error)
    return ""
