"""Addresses that take a form only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponse]


def posted_from(page: str) -> Callable[[View], View]:
    """A view that takes a form of the named page. A GET goes to that page: whoever had to sign in first comes by so."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            return (
                view(request, **kwargs)
                if request.method == "POST"
                else HttpResponseRedirect(reverse(page, kwargs=kwargs))
            )

        return require_http_methods(["GET", "HEAD", "POST"])(answer)

    return decorate
