"""Who may answer a gate, who is still missing, and the words for whoever may not. The same on every surface."""

from __future__ import annotations

from projects.access import Caller, Role
from projects.approvers import People, any_of, asked_people, is_asked, who
from runs.engine.status import GateStatus
from runs.models import Gate

_MOST_NAMES = 5


def why_not(caller: Caller, gate: Gate, role: Role | None) -> str:
    """Why somebody with that role in the project may not answer the gate; empty where they may.

    Whoever answers may operate. A name in the list of approvers is a user; a role in it is everybody who has that
    role or a higher one.
    """
    if role is None or not role.includes(Role.OPERATOR):
        return f"This needs the role operator; you are {role.value if role else 'no member'}."
    if not gate.starter_may_answer and gate.run.starter_id == caller.user.pk:
        return "You started this run, and its starter may not answer this gate."
    if not is_asked(gate.approvers, caller.user.get_username(), role):
        return f"Only {who(gate.approvers)} may answer this gate."
    return ""


def said_by(gate: Gate, name: str) -> str | None:
    """The option that this person has chosen at a gate which takes several; None when they have chosen none."""
    return next((str(voice["option"]) for voice in gate.answers if voice["by"] == name), None)


def asked_of(gate: Gate) -> str:
    """Who is asked, in words: "ana or an owner, but not whoever started the run"."""
    return who(gate.approvers) + ("" if gate.starter_may_answer else ", but not whoever started the run")


def may_answer(gate: Gate, people: People) -> list[str]:
    """The members who may answer the gate as the project stands now, by name."""
    barred = None if gate.starter_may_answer or gate.run.starter is None else gate.run.starter.get_username()
    return [name for name in asked_people(gate.approvers, people) if name != barred]


def still_to_answer(gate: Gate, people: People) -> str:
    """Who of those that a gate for several asks has not answered yet: "ben, cy or dee"; empty where all have.

    People, not the roles by which they are asked: a role says nothing of how many of it have answered.
    """
    said = {voice["by"] for voice in gate.answers}
    return any_of(_some([name for name in may_answer(gate, people) if name not in said]))


def shortage(gate: Gate, people: People) -> str:
    """What to tell where too few people can answer an open gate for it ever to be decided; empty where enough can."""
    if gate.status != GateStatus.OPEN.value:
        return ""
    able = may_answer(gate, people)
    # A voice counts on, also when whoever gave it has left the project.
    given = [{voice["by"] for voice in gate.answers if voice["option"] == option["label"]} for option in gate.options]
    if max((len({*able, *voices}) for voices in given), default=len(able)) >= gate.quorum:
        return ""
    end = "An owner of the project can add people or change their roles."
    if not able:
        return f"Nobody in this project can answer this now: asked is {asked_of(gate)}. {end}"
    return f"Only {len(able)} can answer this now ({', '.join(_some(able))}), and it takes {gate.quorum} people. {end}"


def _some(names: list[str]) -> list[str]:
    more = len(names) - _MOST_NAMES
    return [*names[:_MOST_NAMES], f"{more} more"] if more > 0 else names
