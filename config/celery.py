"""The Celery app. A message carries an id and means "look at this row"; nothing waits in the broker."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery warns of root because of pickle; messages here are JSON and hold nothing but an id. Read when it is imported.
os.environ.setdefault("C_FORCE_ROOT", "true")

from celery import Celery  # noqa: E402

# Celery's Django fixup closes every database connection around each task; ours live as long as their thread.
app = Celery("baton", fixups=[])
app.set_default()  # also for the threads that serve requests
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["runs"])
