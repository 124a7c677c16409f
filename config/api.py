"""The one REST API: who may call, how bodies are read, and how failures are told."""

from __future__ import annotations

import math
from typing import Any

import structlog
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser

from agents.api import router as agents_router
from builder.api import router as builder_router
from config.limits import ApiRate
from projects.access import Caller
from projects.api import router as projects_router
from projects.errors import BatonError, Detail, Forbidden, Invalid, TooMany
from projects.jsontext import parse_json
from projects.tokens import caller_of
from runs.api import router as runs_router
from runs.api_links import router as link_router
from runs.api_projects import router as project_router
from runs.api_reruns import router as rerun_router

log = structlog.get_logger(__name__)

_TOO_LARGE = "The body is larger than 1 MiB."


class StrictParser(Parser):
    """Bodies are strict JSON."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Parse the body; an empty one is None where the call allows it."""
        return parse_json(request.body)


def _token(request: HttpRequest) -> Caller | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return caller_of(text.strip()) if scheme.lower() == "bearer" else None


class TokenAuth:
    """A bearer token in the Authorization header."""

    openapi_type = "http"
    openapi_security_schema = {"type": "http", "scheme": "bearer"}

    def __call__(self, request: HttpRequest) -> Caller | None:
        """The caller, or None."""
        return _token(request)


class SessionAuth:
    """The session of a signed-in user, with Django's CSRF check on every method that changes something."""

    openapi_security_schema = {"type": "apiKey", "in": "cookie", "name": "sessionid"}

    def __call__(self, request: HttpRequest) -> Caller | None:
        """The caller, or None. Raises Forbidden when the CSRF token is missing or wrong."""
        if request.headers.get("Authorization") or not request.user.is_authenticated:
            return None
        failure = CsrfViewMiddleware(lambda _: HttpResponse()).process_view(request, _unexempt, (), {})
        if failure is not None:
            raise Forbidden("The CSRF token is missing or wrong.")
        return Caller(request.user)


def _unexempt(request: HttpRequest) -> HttpResponse:
    """A stand-in for the view: ninja's own views are exempt from the middleware's check."""
    return HttpResponse()


api = NinjaAPI(
    title="Baton",
    version="1",
    description="Workflows that trigger workflows. Errors have the shape of `ErrorOut`; lists page by `cursor`.",
    auth=[TokenAuth(), SessionAuth()],
    parser=StrictParser(),
    throttle=[ApiRate()],
    docs_decorator=login_not_required,
    openapi_url="/openapi.json",
    docs_url="/docs",
    urls_namespace="api",
)
# The builder comes first: /projects/import is no project.
for _router in (builder_router, projects_router, project_router, agents_router, runs_router, rerun_router, link_router):
    api.add_router("", _router)


# Failures


def error_response(request: HttpRequest, error: BatonError) -> HttpResponse:
    """The shape of every error."""
    details = [{"path": detail.path, "message": detail.message} for detail in error.details]
    body = {"error": {"code": error.code, "message": error.message, "details": details}}
    response = api.create_response(request, body, status=error.status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def _plain(
    request: HttpRequest, code: str, status: int, message: str, details: list[Detail] | None = None
) -> HttpResponse:
    error = BatonError(message, details=details or [])
    error.code, error.status = code, status
    return error_response(request, error)


@api.exception_handler(BatonError)
def _refused(request: HttpRequest, error: BatonError) -> HttpResponse:
    return error_response(request, error)


@api.exception_handler(AuthenticationError)
def _unknown_caller(request: HttpRequest, error: Exception) -> HttpResponse:
    return _plain(request, "unauthorized", 401, "A valid bearer token is needed (Authorization: Bearer …).")


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: Exception) -> HttpResponse:
    return _plain(request, "too_large", 413, _TOO_LARGE)


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Exception) -> HttpResponse:
    return _plain(request, "not_found", 404, "There is nothing here.")


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error, Throttled):
        return error_response(request, TooMany("Too many calls.", retry_after=math.ceil(error.wait or 1)))
    # Ninja wraps whatever the parser raised.
    if isinstance(error.__cause__, BatonError):
        return error_response(request, error.__cause__)
    if isinstance(error.__cause__, RequestDataTooBig):
        return _too_large(request, error.__cause__)
    status = 422 if error.status_code == 400 else error.status_code
    return _plain(request, "invalid" if status == 422 else "error", status, str(error))


@api.exception_handler(DataError)
def _unstorable(request: HttpRequest, error: Exception) -> HttpResponse:
    return _plain(request, "invalid", 422, "A value holds a character or a number that cannot be stored or looked up.")


@api.exception_handler(Exception)
def _unforeseen(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("unforeseen failure", path=request.path, exc_info=error)
    return _plain(request, "server_error", 500, "Something went wrong on our side. It is in the log.")


@api.exception_handler(ValidationError)
def _misfit(request: HttpRequest, error: ValidationError) -> HttpResponse:
    details = [Detail(_path(problem.get("loc", ())), str(problem.get("msg", ""))) for problem in error.errors]
    if details and all(_kind(problem) == "path" for problem in error.errors):
        return _plain(request, "not_found", 404, "There is nothing here.")
    return _plain(request, "invalid", 422, "The request does not fit.", details)


def _kind(problem: Any) -> str:
    return str(problem.get("loc", ("",))[0])


def _path(loc: Any) -> str:
    """Ninja's `("body", "body", "inputs", 0)` as `inputs[0]`."""
    parts = list(loc)[1:]
    if parts and loc[0] == "body" and len(parts) > 1:
        parts = parts[1:]
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f"{'.' if path else ''}{part}"
    return path


# Strictness


def _known_query(operation: Operation) -> frozenset[str]:
    """The query parameters that an operation takes."""
    names: set[str] = set()
    for model in operation.models:
        if model.__ninja_param_source__ == "query":
            names.update(model.__ninja_flatten_map__)
    return frozenset(names)


def _refuse_unknown_query(operation: Operation) -> None:
    """Unknown query parameters are refused, after the caller is known and before anything is done.

    So are NUL characters, which PostgreSQL cannot even compare with: nothing has such a name.
    """
    known = _known_query(operation)
    read = operation._get_values

    def get_values(request: HttpRequest, path_params: Any, *args: Any, **kwargs: Any) -> Any:
        if any("\x00" in str(value) for value in path_params.values()):
            raise Http404
        wrong = [Detail(name, "is not a parameter of this call") for name in sorted(set(request.GET) - known)]
        wrong += [Detail(name, "holds a NUL character") for name in known if "\x00" in request.GET.get(name, "")]
        if wrong:
            raise Invalid("The query parameters do not fit.", details=wrong)
        return read(request, path_params, *args, **kwargs)

    operation._get_values = get_values  # type: ignore[method-assign]


def _method_not_allowed(view: Any, methods: list[str]) -> Any:
    """A wrong method in the shape of every other error."""

    def told(request: HttpRequest) -> HttpResponse | None:
        if request.method in methods:
            return None
        response = _plain(request, "method_not_allowed", 405, f"{request.method} is not a method of this address.")
        response["Allow"] = ", ".join(methods)
        return response

    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return told(request) or view(request, *args, **kwargs)

    checked.csrf_exempt = True  # type: ignore[attr-defined]
    return checked


def _patterns() -> list[Any]:
    """Ninja's addresses, made strict. Who may call is the API's own business, not the login page's."""
    patterns, _, _ = api.urls
    methods: dict[str, list[str]] = {}
    for router in api._get_bound_routers():
        for address, view in router.path_operations.items():
            for operation in view.operations:
                _refuse_unknown_query(operation)
                methods.setdefault(address.strip("/"), []).extend(operation.methods)
    for pattern in patterns:
        address = str(pattern.pattern).replace("<", "{").replace(">", "}").strip("/")
        if address in methods:
            pattern.callback = _method_not_allowed(pattern.callback, sorted(set(methods[address])))
        assert pattern.callback is not None
        login_not_required(pattern.callback)
    return patterns


@login_not_required
def _nothing_here(request: HttpRequest) -> HttpResponse:
    return _plain(request, "not_found", 404, "There is nothing here.")


urls = ([*_patterns(), re_path(r"^.*$", csrf_exempt(_nothing_here))], "ninja", "api")
