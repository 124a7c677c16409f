"""What earlier stages said, as the prompt of a later agent shows it."""

from __future__ import annotations

from uuid import UUID

from agents.runtime.prompt import EarlierStage
from builder.spec import Mode
from projects import rows

# A prompt shows the latest visits and the beginning of each text: what matters for long is shared as results, and a
# run of a thousand visits must not cost more per stage than one of ten.
_VISITS = 12
_CHARACTERS = 4_000
# Asked for each agent that begins: written out, so that it is built once.
_SQL = """
SELECT stage.entry, stage.name, agent.position, agent.agent, agent.text
FROM runs_agentrun agent JOIN runs_stagerun stage ON stage.id = agent.stage_run_id
WHERE agent.run_id = %s AND stage.entry >= %s AND agent.text <> ''
ORDER BY stage.entry, agent.position
"""


def stages_before(run_id: UUID, entry: int, position: int, mode: Mode) -> tuple[EarlierStage, ...]:
    """The texts of the latest stage visits, oldest first; in sequence mode also of the agents before this one."""
    if entry == 1 and (mode is not Mode.SEQUENCE or position == 0):
        return ()
    found: dict[int, list[str]] = {}
    names: dict[int, str] = {}
    for number, name, place, agent, text in rows.query(_SQL, [rows.key(run_id), entry - _VISITS]):
        if number > entry or (number == entry and (mode is not Mode.SEQUENCE or place >= position)):
            continue
        names[number] = name
        found.setdefault(number, []).append(f"{agent}: {_short(text)}")
    return tuple(EarlierStage(names[number], tuple(texts)) for number, texts in found.items())


def _short(text: str) -> str:
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]} […]"
