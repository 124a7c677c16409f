"""Anticipated failures as pages: the one place where HTML learns of BatonError."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from projects.errors import BatonError


class ErrorPages(MiddlewareMixin):
    """Turns a BatonError raised by a page's view into the error page with its status. The API has its own registry."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page for an anticipated failure; None leaves everything else alone."""
        if not isinstance(exception, BatonError):
            return None
        template = {403: "403.html", 404: "404.html"}.get(exception.status, "error.html")
        return render(
            request, template, {"message": exception.message, "status": exception.status}, status=exception.status
        )
