"""Sign-in by password and by one-time link, and sign-out."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from projects import audit
from projects.tokens import use_login_link

_BACKEND = "django.contrib.auth.backends.ModelBackend"
_WRONG = (
    "That user name and password do not fit together, or there were too many tries; wait a quarter of an hour then."
)


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else "/"


def _form(request: HttpRequest) -> dict[str, str]:
    return {"next": _next(request), "login_url": reverse("login")}


def _signed_in(request: HttpRequest, user: User, how: str) -> None:
    login(request, user, backend=_BACKEND)
    audit.record("login", actor=user.get_username(), address=request.META.get("REMOTE_ADDR", ""), how=how)


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page and its form."""
    if request.method == "GET":
        return render(request, "login.html", _form(request))
    username = request.POST.get("username", "")
    user = authenticate(request, username=username, password=request.POST.get("password", ""))
    if isinstance(user, User):
        _signed_in(request, user, "password")
        return redirect(_next(request))
    audit.record("login.failed", actor=username[:150], address=request.META.get("REMOTE_ADDR", ""))
    return render(request, "login.html", {**_form(request), "error": _WRONG, "username": username}, status=422)


@login_not_required
@never_cache
@require_GET
def sign_in_once(request: HttpRequest, secret: str) -> HttpResponse:
    """Sign in by a one-time link. A used link tells what to do; who is signed in already just goes on."""
    if request.user.is_authenticated:
        return redirect("/")
    user = use_login_link(secret)
    if user is None:
        told = "This sign-in link was used or has expired. For a new one start Baton again or run manage.py login_link."
        return render(request, "login.html", {**_form(request), "notice": told}, status=410)
    _signed_in(request, user, "link")
    return redirect("/")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("login")
