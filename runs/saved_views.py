"""Views of the run list that people keep: a name for what the list was narrowed to."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from projects.errors import Detail, Invalid
from projects.models import Project
from projects.names import name_problem
from runs.finding import Wanted
from runs.models import SavedView

MOST_VIEWS = 50
MAX_NAME = 60


def save_view(user: User, project: Project, name: str, wanted: Wanted) -> SavedView:
    """Keep a view under a name. Raises Invalid for a name that cannot be one or is taken."""
    problem = name_problem(name)
    if problem is None and len(name) > MAX_NAME:
        problem = f"is longer than {MAX_NAME} characters"
    if problem:
        raise _refused(f"The name {problem}.")
    if SavedView.objects.filter(user=user, project=project).count() >= MOST_VIEWS:
        raise _refused(f"You have {MOST_VIEWS} views in this project; delete one first.")
    try:
        with transaction.atomic():
            return SavedView.objects.create(user=user, project=project, name=name, query=urlencode(wanted.kept))
    except IntegrityError:
        raise _refused("You have a view of this name; choose another.") from None


def _refused(message: str) -> Invalid:
    return Invalid(message, details=[Detail("name", message)])


def delete_view(user: User, project: Project, key: int) -> str:
    """Forget one of one's own views; returns its name, empty when there is no such view."""
    found = SavedView.objects.filter(user=user, project=project, pk=key).first()
    if found is None:
        return ""
    found.delete()
    return found.name
