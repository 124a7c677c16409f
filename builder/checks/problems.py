"""Rules of what stops a run, or would fail it: one small function each."""

from __future__ import annotations

from collections.abc import Iterator

from builder.checks.chains import SCRIPTED
from builder.checks.findings import Finding, Rule, told
from builder.checks.not_yet import unsupported_in
from builder.checks.parts import agents_named
from builder.checks.surroundings import Surroundings
from builder.spec import WorkflowSpec


def _not_supported_yet(spec: WorkflowSpec, around: Surroundings) -> Iterator[Finding]:
    return unsupported_in(spec)


def _missing_models(spec: WorkflowSpec, around: Surroundings) -> Iterator[Finding]:
    for loc, name in agents_named(spec):
        agent = around.agents.get(name)
        if agent is not None and agent.model is None and around.default_model is None:
            yield told(f"{name} has no model: set one on the agent, or the project's default model", *loc)


def _strange_models(spec: WorkflowSpec, around: Surroundings) -> Iterator[Finding]:
    for loc, name in agents_named(spec):
        agent = around.agents.get(name)
        for model in (agent.model, agent.fallback_model) if agent else ():
            if model is not None and model != SCRIPTED and not all(model.partition(":")):
                yield told(f"{name}: {model!r} is no model; write provider:model, or {SCRIPTED}", *loc)


PROBLEMS: tuple[Rule, ...] = (_not_supported_yet, _missing_models, _strange_models)
