"""Finding the workflow that a run wants to start, and everything that can speak against it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from builder.checks import unsupported
from builder.models import Workflow, WorkflowVersion
from builder.publish import current_version, frozen
from builder.queries import CatalogueEntry, catalogue, find_entry, with_version
from projects.errors import BatonError, Conflict, Detail, Invalid, NotSupported
from projects.jsontext import parse_json
from projects.names import name_key
from runs.dry_values import stand_in_version
from runs.engine.lineage import Ancestor, check_lineage
from runs.errors import Refused
from runs.schemas import has_input_schema, input_problems

Json = Any
MAX_VALUE = 1_048_576  # bytes of an input, a result or a message (rule 6.5)
_NAMES_TOLD = 50


@dataclass(frozen=True, slots=True)
class Target:
    """A workflow that may be started now: its version, and the input as it will be stored."""

    workflow_id: int
    name: str
    version_id: int
    version_number: int
    input: Json


def target_of(workflow: Workflow, value: Json, *, read_json: bool = False) -> Target:
    """Check that a workflow can be started with this input.

    With `read_json`, text that is a JSON object is read as one where the workflow has an input schema.
    Raises Conflict (archived), NotSupported (needs what this version does not run) or Invalid (input refused).
    """
    check_live(workflow)
    version = current_version(workflow)
    return _supported(Target(workflow.pk, workflow.name, version.pk, version.number, value), read_json=read_json)


def _supported(target: Target, *, read_json: bool) -> Target:
    missing = unsupported(frozen(target.version_id))
    if missing:
        raise NotSupported(
            f"The workflow {target.name} needs something that this version of Baton does not run yet.",
            details=missing,
        )
    return _fitting(target, read_json=read_json)


def stand_in_of(workflow: Workflow, value: Json, version_id: int, *, read_json: bool = False) -> Target:
    """What stands in for a workflow in a dry run, as a version of its own; only the input can speak against it.

    Raises Conflict (archived, or no part of the plan) or Invalid (input refused).
    """
    check_live(workflow)
    version = WorkflowVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise Conflict(f"Nothing stands in for the workflow {workflow.name} in this dry run.")
    return _fitting(Target(workflow.pk, workflow.name, version.pk, version.number, value), read_json=read_json)


def check_live(workflow: Workflow) -> None:
    """Raise Conflict for a workflow that is archived."""
    if workflow.archived_at is not None:
        raise _archived(workflow.name)


def _archived(name: str) -> Conflict:
    return Conflict(f"The workflow {name} is archived and cannot be started.")


def _fitting(target: Target, *, read_json: bool) -> Target:
    if read_json:
        target = replace(target, input=object_in(target.version_id, target.input))
    check_input(target.version_id, target.input)
    return target


def object_in(version_id: int, value: Json) -> Json:
    """Text that is a JSON object as one, where the version has an input schema; everything else as it is."""
    return _object_in(value) if isinstance(value, str) and has_input_schema(version_id) else value


def _object_in(text: str) -> Json:
    if not text.lstrip().startswith("{"):
        return text
    try:
        found = parse_json(text)
    except BatonError:
        return text
    return found if isinstance(found, dict) else text


def check_input(version_id: int, value: Json) -> None:
    """Refuse an input that is neither text nor an object, too large, or not what the schema asks for."""
    if not isinstance(value, str | dict):
        raise Invalid(
            "The input must be text or a JSON object.", details=[Detail("input", "must be text or a JSON object")]
        )
    check_size(value, "input")
    problems = input_problems(version_id, value)
    if problems:
        told = "; ".join(f"{problem.path}: {problem.message}" for problem in problems[:5])
        raise Invalid(f"The input does not fit the workflow's input schema: {told}", details=problems)


def check_size(value: Json, path: str) -> None:
    """Refuse a single value over the limit of rule 6.5."""
    size = len(value.encode()) if isinstance(value, str) else len(json.dumps(value, ensure_ascii=False).encode())
    if size > MAX_VALUE:
        raise Invalid(
            f"{path} is {size} bytes; the limit is {MAX_VALUE}.",
            details=[Detail(path, f"larger than {MAX_VALUE} bytes")],
        )


def find_target(
    project_id: int,
    lineage: list[list[Any]],
    name: str,
    value: Json,
    *,
    allowed: tuple[str, ...] = (),
    read_json: bool = True,
    dry: Json = None,
) -> Target:
    """The workflow that a run may start by name, with its input checked. `lineage` is the asking run's own.

    A dry run (`dry` is its row's) starts what stands in for the workflow.

    Raises Refused, with a message for the agent and, where names of ancestors help people, a detail for them.
    """
    found = find_entry(project_id, name)
    allowed_keys = {name_key(entry) for entry in allowed}
    if found is None or (allowed_keys and found.name_key not in allowed_keys):
        raise Refused(_unknown(project_id, name, allowed_keys, found is not None), known=found.name if found else None)
    ancestors = [Ancestor(step[0], step[1]) for step in lineage]
    refusal = check_lineage(ancestors, found.id, found.name, settings.BATON.self_trigger_limit)
    if refusal is not None:
        raise Refused(refusal.message, detail=refusal.detail, known=found.name)
    try:
        return _found(found, value, read_json=read_json, dry=dry)
    except BatonError as error:
        raise Refused(_told(error), known=found.name) from error


def _found(found: CatalogueEntry, value: Json, *, read_json: bool, dry: Json) -> Target:
    if dry is None and found.version_id is not None and found.version_number is not None:
        if found.archived:
            raise _archived(found.name)
        return _supported(
            Target(found.id, found.name, found.version_id, found.version_number, value), read_json=read_json
        )
    workflow = with_version(Workflow.objects.filter(pk=found.id)).first()
    if workflow is None:
        raise Conflict(f"The workflow {found.name} was deleted just now.")
    if dry is None:
        return target_of(workflow, value, read_json=read_json)
    return stand_in_of(workflow, value, stand_in_version(dry, workflow.pk), read_json=read_json)


def _unknown(project_id: int, name: str, allowed_keys: set[str], exists: bool) -> str:
    callable_names = sorted(
        entry.name
        for entry in catalogue(project_id)
        if not entry.archived and (not allowed_keys or entry.name_key in allowed_keys)
    )
    names = ", ".join(callable_names[:_NAMES_TOLD]) or "none"
    reason = "may not be called here" if exists else "not found"
    return f"workflow {name!r} {reason}; workflows that can be called: {names}"


def _told(error: BatonError) -> str:
    details = "; ".join(f"{detail.path}: {detail.message}" for detail in error.details[:5])
    return f"{error.message} {details}".strip() if details and details not in error.message else error.message
