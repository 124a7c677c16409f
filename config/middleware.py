"""Anticipated failures as pages: the one place where HTML learns of BatonError."""

from __future__ import annotations

import json

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin

from projects.errors import BatonError, Invalid, TooLarge

_PAGES = {403: "403.html", 404: "404.html"}


class ErrorPages(MiddlewareMixin):
    """Turns a BatonError raised by a page's view into the error page with its status. The API has its own registry."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page for an anticipated failure; None leaves everything else alone."""
        if isinstance(exception, DataError):  # PostgreSQL stores neither NUL nor a number beyond its column
            exception = Invalid("A value holds a character or a number that cannot be stored.")
        if not isinstance(exception, BatonError):
            return None
        if request.headers.get("HX-Request") and exception.status not in _PAGES:
            return _toast(exception)
        template = _PAGES.get(exception.status, "error.html")
        context = {"message": exception.message, "status": exception.status}
        return render(request, template, context, status=exception.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django refused before any view saw it, such as a form of 10 MB: handler400 of config/urls.py."""
    large = isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent))
    # The words of toast.js, which shows each once.
    told = "That is too large: at most 1 MiB at a time." if large else "What the browser sent cannot be read."
    error: BatonError = TooLarge(told) if large else Invalid(told)
    if request.headers.get("HX-Request"):
        return _toast(error)
    return _page(error, error.status if large else 400)


def _page(error: BatonError, status: int) -> HttpResponse:
    """A page that asks nothing of the request: its host or its cookies may be what is wrong with it."""
    return HttpResponse(render_to_string("error.html", {"message": error.message, "status": status}), status=status)


def _toast(error: BatonError) -> HttpResponse:
    """A part of a page is not replaced by a whole error page: it stays, and a message says why."""
    response = HttpResponse(status=error.status)
    response["HX-Reswap"] = "none"
    response["HX-Trigger"] = json.dumps({"toast": {"text": error.message, "tone": "error"}})
    return response
