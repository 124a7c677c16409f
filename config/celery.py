"""The Celery app. A message carries an id and means "look at this row"; nothing waits in the broker."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery warns of root because of pickle; messages here are JSON and hold nothing but an id. Read when it is imported.
os.environ.setdefault("C_FORCE_ROOT", "true")

from celery import Celery
from celery.signals import task_prerun
from django.db import connections

# Celery's Django fixup closes every database connection around each task; ours live as long as their thread.
app = Celery("baton", fixups=[])
app.set_default()  # for every thread: without it, the threads that serve requests would ring at localhost
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["runs"])


@task_prerun.connect
def _drop_broken_connections(**kwargs: Any) -> None:
    """A connection that failed is closed before the next task, so that a restarted database is found again."""
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()
