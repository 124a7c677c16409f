"""What people can do to a run, as its bar and its dialogs show it: stop, send a message, run again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from builder.models import Workflow
from builder.publish import current_version, frozen
from builder.queries import with_version
from builder.spec import FrozenVersion
from runs.engine.status import FINAL_RUN, CallStatus, RunStatus
from runs.models import WorkflowCall, WorkflowRun
from runs.pages.looks import run_looks
from runs.rerun_links import link_of
from runs.reruns import choosable, failed_stage, visit_of

Json = Any
_DEEPEST = 3  # levels of children that a stop can reach


def controls(run: WorkflowRun, can_control: bool) -> dict[str, Json]:
    """The addresses of the dialogs for runs/_run_bar.html, and what a re-run repeats."""
    over = RunStatus(run.status) in FINAL_RUN
    again = again_url(run, can_control)
    failed = run.status == RunStatus.FAILED.value
    compare = reverse("run-compare")
    link = link_of(run)
    return {
        "stop_dialog_url": reverse("run-stop", args=[run.pk]) if can_control and not over else "",
        "message_url": reverse("run-message", args=[run.pk]) if can_control and not over else "",
        "again_url": again,
        "retry_url": f"{again}?retry=1" if again and failed else "",
        "compare_url": f"{compare}?a={link.of_id if link and link.of_id else ''}&b={run.pk}" if over or link else "",
        "rerun_of": link
        and {
            "label": f"#{link.of_number}",
            "url": reverse("run", args=[link.of_id]) if link.of_id else "",
            "stage": link.stage or "",
            "what": "Retry" if run.origin == "retry" else "Re-run",
        },
    }


def again_url(run: WorkflowRun, can_control: bool) -> str:
    """The address of the dialog that runs a finished run again; empty where nothing of the kind is offered."""
    return reverse("run-again", args=[run.pk]) if can_control and RunStatus(run.status) in FINAL_RUN else ""


def shown(run: WorkflowRun) -> dict[str, Json]:
    """What every dialog says of its run."""
    return {
        "run": {"workflow": run.workflow_name, "number": run.number, "url": reverse("run", args=[run.pk])},
        "project": {"name": run.project.name, "url": reverse("project", args=[run.project.slug])},
    }


# Stop


def stop_dialog(run: WorkflowRun) -> dict[str, Json]:
    """The dialog that says what a stop ends: the runs that this one waits for, and those that they wait for."""
    found: list[Json] = []
    level = [run]
    for depth in range(_DEEPEST):
        calls = WorkflowCall.objects.filter(run__in=level, status=CallStatus.WAITING.value, child__isnull=False)
        ids = {row.pk for row in level}
        waited = calls.select_related("child").order_by("since")
        level = [call.child for call in waited if call.child is not None and call.child.parent_id in ids]
        looks = run_looks(level)
        found += [{**_child(row), **looks[row.pk]._asdict(), "depth": depth + 1} for row in level]
    return {**shown(run), "stop_url": reverse("run-cancel", args=[run.pk]), "children": found}


def _child(row: WorkflowRun) -> dict[str, Json]:
    return {"label": f"{row.workflow_name} #{row.number}", "url": reverse("run", args=[row.pk])}


# Run again


def again_dialog(
    run: WorkflowRun, key: str, *, retry: bool, sent: Mapping[str, Json] | None = None, errors: Json = None
) -> dict[str, Json]:
    """The dialog that runs a finished run again. `sent` are choices made before, by a form that was refused with its
    `errors`, or by the stage that it was opened from."""
    sent = sent or {}
    old, now = frozen(run.version_id), _now(run)
    stage = sent.get("stage", (failed_stage(run) or "") if retry else "")
    differs = now is not None and now != old
    return {
        **shown(run),
        "again_url": reverse("run-again", args=[run.pk]),
        "retry": retry,
        "key": key,
        "stages": _stages(old, now, stage, run.version.number),
        "versions": _versions(run, sent.get("version", "current")) if differs else [],
        "children": _children(run, set(sent.get("children", ()))),
        "errors": errors or {},
    }


def _now(run: WorkflowRun) -> FrozenVersion | None:
    """The workflow as a start would run it now; None where there is none, or only stand-ins run."""
    workflow = with_version(Workflow.objects.filter(pk=run.workflow_id or 0)).first()
    if workflow is None or run.dry is not None:
        return None
    return frozen(current_version(workflow).pk)


def _stages(old: FrozenVersion, now: FrozenVersion | None, chosen: str, number: int) -> list[dict[str, Json]]:
    before = {stage.name: stage for stage in old.workflow.stages}
    after = {stage.name: stage for stage in (now or old).workflow.stages}
    found = []
    for name in [*after, *(name for name in before if name not in after)]:
        note = ""
        if name not in after:
            note = f" (only in version {number})"
        elif name not in before:
            note = f" (not in version {number})"
        elif after[name] != before[name]:
            note = f" (changed since version {number})"
        found.append({"value": name, "label": f"{name}{note}", "chosen": name == chosen})
    return found


def _versions(run: WorkflowRun, chosen: str) -> list[dict[str, Json]]:
    labels = {
        "current": "The workflow as it stands now",
        "same": f"Version {run.version.number}, as run #{run.number} had it",
    }
    return [{"value": value, "label": label, "chosen": value == chosen} for value, label in labels.items()]


def _children(run: WorkflowRun, chosen: set[str]) -> list[dict[str, Json]]:
    return [
        {
            "value": str(call.child_id),
            "label": f"{call.workflow_name} #{call.child.number if call.child else ''}",
            "stage": call.stage,
            "visit": visit_of(call),
            "state": call.status,
            "chosen": str(call.child_id) in chosen,
        }
        for call in choosable(run)
    ]
