"""What can go wrong with a definition, beyond projects' own errors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from projects.errors import Conflict, Detail, NotFound, NotSupported


class NoSuchWorkflow(NotFound):
    """There is no workflow with this id or name in this project."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"There is no workflow {ref[:200]!r} in this project.")


class NoSuchVersion(NotFound):
    """The workflow has no version with this number."""

    def __init__(self, workflow: str, number: int) -> None:
        super().__init__(f"{workflow} has no version {number}.")


class NoSuchRevision(NotFound):
    """The history has no edit with this revision whose version is kept."""

    def __init__(self, workflow: str, revision: int) -> None:
        super().__init__(f"{workflow} has no revision {revision} that can be restored.")


class NoSuchPart(NotFound):
    """There is no such workflow, stage, assignment or outcome, or it is not the caller's."""

    def __init__(self, noun: str) -> None:
        super().__init__(f"There is no such {noun}.")


class LastStage(Conflict):
    """A workflow has at least one stage."""

    def __init__(self) -> None:
        super().__init__("A workflow has at least one stage: the last one cannot be deleted.")


class CannotUndo(Conflict):
    """There is nothing to undo or redo, or it would take away what somebody did since."""


class AlreadyThere(Conflict):
    """The name is taken by another object of the project."""

    def __init__(self, noun: str, name: str) -> None:
        super().__init__(f"There is already {noun} called {name!r} in this project.")


class EditedMeanwhile(Conflict):
    """Somebody edited the object after the caller had read it; `stored` is what it holds now, by field.

    `place` is where in the workflow the object is, as patches name it; `by` (a user name, empty where nobody knows) and
    `at` say who edited it last, and when.
    """

    def __init__(
        self, noun: str, *, expected: int, actual: int, stored: Iterable[Detail] = (), place: tuple[str, ...] = ()
    ) -> None:
        super().__init__(
            f"This {noun} was edited meanwhile: it is at {actual}, and the change was made on {expected}.",
            details=list(stored),
        )
        self.place = place
        self.by = ""
        self.at: datetime | None = None


class AgentAssigned(Conflict):
    """The agent still works somewhere."""

    def __init__(self, name: str, places: Iterable[str]) -> None:
        places = list(places)
        super().__init__(
            f"{name} cannot be deleted: it is assigned in {'; '.join(places)}.",
            details=[Detail(path=place, message="is assigned here") for place in places],
        )


class CannotEnable(NotSupported):
    """Triggers cannot be switched on yet."""

    def __init__(self, paths: Iterable[str]) -> None:
        super().__init__(
            "This version of Baton cannot enable triggers yet; store them with enabled: false.",
            details=[Detail(path=path, message="cannot be enabled yet") for path in paths],
        )
