#!/usr/bin/env python
"""Baton's command line."""

from __future__ import annotations

import gc
import os
import sys

# Python looks for garbage after every 700 new objects: loading half a million of them took half as long again. What is
# in no cycle goes without it.
_NEW_OBJECTS = 50_000


def main() -> None:
    """Run a management command."""
    gc.set_threshold(_NEW_OBJECTS)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
