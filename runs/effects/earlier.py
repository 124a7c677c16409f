"""What earlier stages said, as the prompt of a later agent shows it."""

from __future__ import annotations

from uuid import UUID

from agents.runtime.prompt import EarlierStage
from builder.spec import Mode
from runs.models import AgentRun

# A prompt shows the latest visits and the beginning of each text: what matters for long is shared as results, and a
# run of a thousand visits must not cost more per stage than one of ten.
_VISITS = 12
_CHARACTERS = 4_000


def stages_before(run_id: UUID, entry: int, position: int, mode: Mode) -> tuple[EarlierStage, ...]:
    """The texts of the latest stage visits, oldest first; in sequence mode also of the agents before this one."""
    if entry == 1 and (mode is not Mode.SEQUENCE or position == 0):
        return ()
    rows = AgentRun.objects.filter(run_id=run_id, stage_run__entry__gte=entry - _VISITS, text__isnull=False).exclude(text="")
    found: dict[int, list[str]] = {}
    names: dict[int, str] = {}
    for row in rows.order_by("stage_run__entry", "position").values("stage_run__entry", "stage_run__name", "position", "agent", "text"):
        number = row["stage_run__entry"]
        if number > entry or (number == entry and (mode is not Mode.SEQUENCE or row["position"] >= position)):
            continue
        names[number] = row["stage_run__name"]
        found.setdefault(number, []).append(f"{row['agent']}: {_short(row['text'])}")
    return tuple(EarlierStage(names[number], tuple(texts)) for number, texts in found.items())


def _short(text: str) -> str:
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]} […]"
