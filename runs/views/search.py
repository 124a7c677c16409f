"""The search of the top bar."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from runs.pages.search import search_page
from runs.views.asking import caller_of


@require_GET
@never_cache
@vary_on_headers("HX-Request")  # one address for the page and for what the dialog shows
def search(request: HttpRequest) -> HttpResponse:
    """What the caller may see and has the name or number `q`; `at` is the address of the project they are in."""
    context = search_page(caller_of(request), request.GET.get("q", ""), request.GET.get("at", ""))
    template = "search/_found.html" if request.headers.get("HX-Request") else "search/page.html"
    return render(request, template, context)
