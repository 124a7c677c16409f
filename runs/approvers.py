"""Who may answer a gate, and the words for whoever may not. The same on every surface."""

from __future__ import annotations

from collections.abc import Sequence

from projects.access import Caller, Role, role_of
from projects.errors import Forbidden
from runs.models import Gate

_ROLES = {role.value: role for role in Role}


def why_not(caller: Caller, gate: Gate, role: Role | None) -> str:
    """Why somebody with that role in the project may not answer the gate; empty where they may.

    Whoever answers may operate. A name in the list of approvers is a user; a role in it is everybody who has that
    role or a higher one.
    """
    if role is None or not role.includes(Role.OPERATOR):
        return f"This needs the role operator; you are {role.value if role else 'no member'}."
    if not gate.starter_may_answer and gate.run.starter_id == caller.user.pk:
        return "You started this run, and its starter may not answer this gate."
    name = caller.user.get_username()
    if gate.approvers and not any(_is(approver, name, role) for approver in gate.approvers):
        return f"Only {who(gate.approvers)} may answer this gate."
    return ""


def _is(approver: str, name: str, role: Role) -> bool:
    return approver == name or (approver in _ROLES and role.includes(_ROLES[approver]))


def check_may_answer(caller: Caller, gate: Gate) -> None:
    """Raise Forbidden, with the reason, for somebody who may not answer this gate."""
    told = why_not(caller, gate, role_of(caller, gate.run.project))
    if told:
        raise Forbidden(told)


def who(approvers: Sequence[str]) -> str:
    """The persons who may answer, in words: "ana, ben or an owner"."""
    if not approvers:
        return "anyone who may operate this project"
    names = [f"{'an' if name[0] in 'aeiou' else 'a'} {name}" if name in _ROLES else name for name in approvers]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def said_by(gate: Gate, name: str) -> str | None:
    """The option that this person has chosen at a gate which takes several; None when they have chosen none."""
    return next((str(voice["option"]) for voice in gate.answers if voice["by"] == name), None)
