"""The limits of rule section 6 that the engine itself keeps."""

from __future__ import annotations

STAGE_RUNS = 1_000  # stage visits per run
WORKFLOW_CALLS = 20  # workflow calls per agent run
TURNS = 500  # model answers per agent run; a loop of tool calls ends here
DEPTH = 3  # a start at this depth is refused
