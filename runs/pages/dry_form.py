"""The dialog of dry runs: a choice for every stage that somebody decides, and for every workflow that is triggered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from builder.dry import ChildPlan, Decider, DryPlan, StagePlan, choices, decider_of, read_plan, targets
from builder.models import Workflow
from builder.spec import StageRoute, StageSpec
from builder.validation import path_text
from projects.errors import BatonError, Detail, Invalid
from projects.jsontext import parse_json
from runs.dry_runs import Definition, known_to
from runs.exercised import Exercised, routes_of
from runs.pages import start_form
from runs.pages.taken import leads_to, shown

Json = Any
_SAME = ""  # "as at the first visit"
_FIRST = {
    Decider.GATE: "Answered at its gate.",
    Decider.AGENT: "Decided by its agents.",
    Decider.FAILURE: "With error, its first agent fails.",
    Decider.NOBODY: "",
}
_CHILDREN = [
    {"value": "complete", "label": "Not run: it completes"},
    {"value": "fail", "label": "Not run: it fails"},
    {"value": "run", "label": "Run it dry too"},
]
_GATES = [
    {"value": "answer", "label": "Answered at once, as chosen above"},
    {"value": "ask", "label": "People are asked, in the inbox"},
]


@dataclass(frozen=True)
class DryForm:
    """The fields of one definition; what was sent before comes back in them."""

    workflow: Workflow
    definition: Definition

    @property
    def version(self) -> str:
        """What the fields were made for: indexes mean other stages once the workflow was changed."""
        return str(self.definition.version_id)

    def context(self, key: str, sent: Mapping[str, str], text: str, errors: Mapping[str, str]) -> dict[str, Json]:
        """The context of runs/_dry_run_dialog.html. `sent` is empty when nothing was sent yet."""
        typed = {
            name.removeprefix(start_form.PREFIX): value
            for name, value in sent.items()
            if name.startswith(start_form.PREFIX)
        }
        routes = routes_of(self.workflow)
        return {
            **start_form.dialog(self.workflow, key, typed=typed if sent else None, text=text, errors=errors),
            **shown(routes),
            "run_url": reverse("dry-run-dialog", args=[self.workflow.pk]),
            "version": self.version,
            "stage_fields": list(self._stage_fields(routes, sent, errors)),
            "child_fields": self._child_fields(sent, errors),
            "gates_field": _select("gates", "Gates", _GATES, sent, errors) if self._has_gates() else None,
            "plan_field": {
                "id": "dry-plan",
                "name": "plan",
                "label": "More, as JSON",
                "kind": "json",
                "value": sent.get("plan", ""),
                "error": errors.get("plan", ""),
                "help": 'What stand-ins say and share, and which workflows they trigger: {"stages": {"Draft": '
                '{"says": {"Ada": "…"}, "results": {"title": "…"}, "triggers": {"Ada": ["Publish"]}}}}',
            },
        }

    def plan(self, sent: Mapping[str, str]) -> DryPlan:
        """The plan that was sent. Raises Invalid with the names of fields as paths where a field cannot be read."""
        if sent.get("version", self.version) != self.version:
            raise Invalid("The workflow was changed meanwhile: look at the choices again.")
        more = _more(sent.get("plan", ""))
        stages = dict(more.stages)
        for index, stage in enumerate(self._stages):
            chosen = _outcomes(sent, index)
            if chosen:
                stages[stage.name] = stages.get(stage.name, StagePlan()).model_copy(update={"outcomes": chosen})
        workflows = dict(more.workflows)
        for index, name in enumerate(self._targets):
            if f"child-{index}" in sent:
                before = workflows.get(name, ChildPlan())
                workflows[name] = _child(sent[f"child-{index}"], sent.get(f"child-text-{index}", ""), before, index)
        gates = sent.get("gates") or more.gates
        return read_plan({**more.model_dump(), "gates": gates}).model_copy(
            update={"stages": stages, "workflows": workflows}
        )

    def errors(self, error: BatonError, sent: Mapping[str, str]) -> dict[str, str]:
        """The problems at their fields."""
        fields = self._paths()
        placed: dict[str, str] = {}
        rest: list[Detail] = []
        for detail in error.details:
            name = next((field for path, field in fields if _within(detail.path, path)), None)
            if name is None and detail.path.startswith("plan."):
                name = "plan"
                detail = Detail(detail.path, f"{detail.path.removeprefix('plan.')}: {detail.message}")
            if name is None:
                rest.append(detail)
            else:
                placed[name] = f"{placed[name]}; {detail.message}" if name in placed else detail.message
        if placed and not rest:
            return placed
        parts = start_form.parts_of(self.workflow.input_schema)
        typed = {name.removeprefix(start_form.PREFIX): value for name, value in sent.items()}
        other = BatonError(error.message, details=rest) if error.details else error
        return {**start_form.errors_of(other, parts, typed), **placed}

    @property
    def _stages(self) -> tuple[StageSpec, ...]:
        return self.definition.version.workflow.stages

    @property
    def _targets(self) -> list[str]:
        return targets(self.definition.version, {}, known_to(self.workflow))

    def _has_gates(self) -> bool:
        return any(
            hook.kind == "approval" for stage in self._stages for hook in (*stage.entry_hooks, *stage.exit_hooks)
        )

    def _paths(self) -> list[tuple[str, str]]:
        found = []
        for index, stage in enumerate(self._stages):
            path = path_text(("plan", "stages", stage.name, "outcomes"))
            found += [(f"{path}[0]", f"outcome-{index}"), (f"{path}[1]", f"later-{index}")]
        for index, name in enumerate(self._targets):
            path = path_text(("plan", "workflows", name))
            found += [(f"{path}.{part}", f"child-text-{index}") for part in ("result", "error")]
            found += [(path, f"child-{index}"), (f"child-text-{index}", f"child-text-{index}")]
        return [*found, ("plan-json", "plan"), ("gates", "gates")]

    def _stage_fields(
        self, routes: Sequence[Exercised], sent: Mapping[str, str], errors: Mapping[str, str]
    ) -> list[dict[str, Json]]:
        by_stage = {(one.position, one.outcome): one for one in routes}
        found = []
        for index, stage in enumerate(self._stages):
            can = choices(stage)
            if not can:
                continue
            decided = decider_of(stage)
            options = [{"value": label, "label": _told(label, by_stage.get((index, label)))} for label in can]
            if decided in (Decider.FAILURE, Decider.NOBODY):
                options = [{"value": "", "label": "As nobody decides"}, *options]
            first = _select(f"outcome-{index}", f"{stage.name}: outcome", options, sent, errors)
            found.append({**first, "help": _FIRST[decided]})
            if _comes_again(self._stages, index):
                later = [{"value": _SAME, "label": "As at the first visit"}, *options]
                found.append(_select(f"later-{index}", f"{stage.name}: at later visits", later, sent, errors))
        return found

    def _child_fields(self, sent: Mapping[str, str], errors: Mapping[str, str]) -> list[dict[str, Json]]:
        found = []
        for index, name in enumerate(self._targets):
            error = errors.get(f"child-text-{index}", "")
            text = {
                "id": f"dry-child-text-{index}",
                "name": f"child-text-{index}",
                "label": f"{name}: its result or its error",
                "kind": "textarea",
                "rows": 2,
                "short": True,
                "value": sent.get(f"child-text-{index}", ""),
                "error": error,
                "help": "Text, or a JSON object. Empty: a sample.",
            }
            found += [_select(f"child-{index}", name, _CHILDREN, sent, errors), text]
        return found


def _within(path: str, start: str) -> bool:
    return path == start or path.startswith((f"{start}.", f"{start}["))


def _told(label: str, route: Exercised | None) -> str:
    if route is None:
        return label
    return f"{label} → {leads_to(route)}{'' if route.taken else ' (never taken)'}"


def _comes_again(stages: Sequence[StageSpec], index: int) -> bool:
    """Whether a route leads back over this stage."""
    places = {stage.name: place for place, stage in enumerate(stages)}
    return any(
        places.get(route.stage if isinstance(route, StageRoute) else route.continue_at, len(stages)) <= index <= source
        for source, stage in enumerate(stages)
        for route in stage.routes.values()
    )


def _select(
    name: str, label: str, options: list[dict[str, str]], sent: Mapping[str, str], errors: Mapping[str, str]
) -> dict[str, Json]:
    return {
        "id": f"dry-{name}",
        "name": name,
        "label": label,
        "kind": "select",
        "options": options,
        "value": sent.get(name, options[0]["value"]),
        "error": errors.get(name, ""),
        "required": True,
    }


def _outcomes(sent: Mapping[str, str], index: int) -> tuple[str, ...]:
    first, later = sent.get(f"outcome-{index}", ""), sent.get(f"later-{index}", "")
    return tuple(label for label in (first, later) if label)


def _child(do: str, text: str, before: ChildPlan, index: int) -> ChildPlan:
    text = text.strip()
    if do not in ("complete", "fail", "run"):
        raise Invalid("This is no choice.", details=[Detail(f"child-text-{index}", "choose what becomes of it")])
    if do == "complete":
        return ChildPlan(result=_read(text, index) if text else before.result)
    if do == "fail":
        return ChildPlan(do="fail", error=text[:1_000] or before.error)
    return ChildPlan(do="run", stages=before.stages)


def _read(text: str, index: int) -> Json:
    if not text.startswith("{"):
        return text
    try:
        return parse_json(text)
    except BatonError as error:
        told = "; ".join(detail.message for detail in error.details)
        raise Invalid("This is not JSON.", details=[Detail(f"child-text-{index}", told)]) from error


def _more(text: str) -> DryPlan:
    if not text.strip():
        return DryPlan()
    try:
        return read_plan(parse_json(text))
    except BatonError as error:
        told = [Detail("plan-json", f"{one.path}: {one.message}" if one.path else one.message) for one in error.details]
        raise Invalid(error.message, details=told) from error
