"""Dry runs, the pure part: from a definition and a plan to a definition whose agents are stand-ins."""

from builder.dry.answers import Decider, choices, chosen_at, decider_of, gate_option
from builder.dry.mocks import mocked
from builder.dry.plan import ChildPlan, DryPlan, StagePlan
from builder.dry.problems import problems_of, read_plan
from builder.dry.stand_ins import stand_in
from builder.dry.triggering import Named, targets

__all__ = [
    "ChildPlan",
    "Decider",
    "DryPlan",
    "Named",
    "StagePlan",
    "choices",
    "chosen_at",
    "decider_of",
    "gate_option",
    "mocked",
    "problems_of",
    "read_plan",
    "stand_in",
    "targets",
]
