"""Addresses of sign-in."""

from __future__ import annotations

from django.urls import path

from projects import views

urlpatterns = [
    path("login", views.sign_in, name="login"),
    path("login/once/<str:secret>", views.sign_in_once, name="login-once"),
    path("logout", views.sign_out, name="logout"),
]
