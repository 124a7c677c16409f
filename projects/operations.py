"""What changes projects, members and tokens."""

from __future__ import annotations

from unicodedata import category

from django.contrib.auth.models import User
from django.db import transaction

from projects import audit
from projects.access import Caller, Role
from projects.errors import Conflict, Detail, Forbidden, Invalid, NotFound
from projects.models import Member, Project
from projects.names import name_key, name_problem, slugify_unique
from projects.queries import slug_taken

MOST_DESCRIBED = 500  # characters of a project's description


def check_name(name: str) -> None:
    """Raise Invalid when a text cannot be a name."""
    problem = name_problem(name)
    if problem is not None:
        raise Invalid(f"The name {problem}.", details=[Detail("name", problem)])


def check_model(model: str | None) -> None:
    """Raise Invalid when a text cannot be the name of a model."""
    if model is not None and (not 1 <= len(model) <= 200 or model != model.strip() or not model.isprintable()):
        raise Invalid(
            "The model's name does not fit.",
            details=[Detail("default_model", "1 to 200 printable characters, without spaces around")],
        )


def check_description(text: str | None) -> None:
    """Raise Invalid when a text cannot be a project's description."""
    told = text or ""
    if len(told) > MOST_DESCRIBED or any(category(each) in ("Cc", "Cs") and each not in "\n\t" for each in told):
        problem = f"at most {MOST_DESCRIBED} characters, without control characters"
        raise Invalid("The description does not fit.", details=[Detail("description", problem)])


def create_project(caller: Caller, name: str, default_model: str | None = None, *, description: str = "") -> Project:
    """Create a project; the caller becomes its owner. A token bound to a project cannot create another."""
    check_name(name)
    check_model(default_model)
    check_description(description)
    if caller.token is not None and caller.token.project_id is not None:
        raise NotFound("This token belongs to one project and cannot create another.")
    if caller.token is not None and caller.token.scopes and "admin" not in caller.token.scopes:
        raise Forbidden("Whoever creates a project owns it; this token lacks the scope admin.")
    with transaction.atomic():
        slug = slugify_unique(name, slug_taken)
        project = Project.objects.create(
            name=name, name_key=name_key(name), slug=slug, description=description, default_model=default_model
        )
        Member.objects.create(project=project, user=caller.user, role=Role.OWNER.value)
        audit.record("project.created", actor=caller.user.get_username(), object=slug)
    return project


def rename_project(project: Project, name: str) -> None:
    """Change a project's name; its slug stays, so that addresses do."""
    check_name(name)
    Project.objects.filter(pk=project.pk).update(name=name, name_key=name_key(name))


def describe_project(project: Project, text: str) -> None:
    """Say what a project is for."""
    check_description(text)
    Project.objects.filter(pk=project.pk).update(description=text)


def delete_project(caller: Caller, project: Project) -> None:
    """Delete a project with everything in it. The shell has made sure that none of its runs is open."""
    with transaction.atomic():
        audit.record("project.deleted", actor=caller.user.get_username(), object=project.slug)
        project.delete()


def set_member(caller: Caller, project: Project, username: str, role: Role) -> Member:
    """Give a user a role in a project. The last owner stays owner."""
    user = None if "\x00" in username else User.objects.filter(username=username).first()
    if user is None:
        raise Invalid(f"There is no user {username[:150]!r}.", details=[Detail("user", "no such user")])
    with transaction.atomic():
        if role is not Role.OWNER:
            _keep_an_owner(project, user)
        member, _ = Member.objects.update_or_create(project=project, user=user, defaults={"role": role.value})
        audit.record(
            "member.set", actor=caller.user.get_username(), object=project.slug, user=username, role=role.value
        )
    return member


def remove_member(caller: Caller, project: Project, username: str) -> None:
    """End a user's access to a project. The last owner cannot be removed."""
    member = Member.objects.select_related("user").filter(project=project, user__username=username).first()
    if member is None:
        raise NotFound(f"{username!r} is no member of this project.")
    with transaction.atomic():
        _keep_an_owner(project, member.user)
        member.delete()
        audit.record("member.removed", actor=caller.user.get_username(), object=project.slug, user=username)


def _keep_an_owner(project: Project, user: User) -> None:
    owners = (
        Member.objects.select_for_update()
        .filter(project=project, role=Role.OWNER.value)
        .values_list("user_id", flat=True)
    )
    if list(owners) == [user.pk]:
        raise Conflict("A project needs an owner; this is its last one.")
