"""What a person should know of a workflow before it runs: one small rule each, problems and warnings apart."""

from builder.checks.chains import MAX_DEPTH, known_starts
from builder.checks.checking import check, check_stored
from builder.checks.findings import Finding, Findings
from builder.checks.not_yet import unsupported
from builder.checks.surroundings import Surroundings, surroundings_in

__all__ = (
    "MAX_DEPTH",
    "Finding",
    "Findings",
    "Surroundings",
    "check",
    "check_stored",
    "known_starts",
    "surroundings_in",
    "unsupported",
)
