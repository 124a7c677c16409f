"""What can go wrong with a definition, beyond projects' own errors."""

from __future__ import annotations

from collections.abc import Iterable

from projects.errors import Conflict, Detail, NotFound, NotSupported


class NoSuchWorkflow(NotFound):
    """There is no workflow with this id or name in this project."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"There is no workflow {ref[:200]!r} in this project.")


class NoSuchVersion(NotFound):
    """The workflow has no version with this number."""

    def __init__(self, workflow: str, number: int) -> None:
        super().__init__(f"{workflow} has no version {number}.")


class NoSuchPart(NotFound):
    """There is no such workflow, stage or assignment, or it is not the caller's."""

    def __init__(self, noun: str) -> None:
        super().__init__(f"There is no such {noun}.")


class AlreadyThere(Conflict):
    """The name is taken by another object of the project."""

    def __init__(self, noun: str, name: str) -> None:
        super().__init__(f"There is already {noun} called {name!r} in this project.")


class EditedMeanwhile(Conflict):
    """Somebody else edited the object after the caller had read it; `stored` is what it holds now, by field."""

    def __init__(self, noun: str, *, expected: int, actual: int, stored: Iterable[Detail] = ()) -> None:
        super().__init__(
            f"This {noun} was edited meanwhile: it is at {actual}, and the change was made on {expected}.",
            details=list(stored),
        )


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
