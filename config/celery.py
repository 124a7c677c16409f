"""The Celery app. A message carries an id and means "look at this row"; nothing waits in the broker."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Celery's Django fixup closes every database connection around each task; ours live as long as their thread.
app = Celery("baton", fixups=[])
app.set_default()  # also for the threads that serve requests
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["runs"])
