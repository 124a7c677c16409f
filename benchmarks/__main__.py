"""`python -m benchmarks`, or `make bench`."""

from __future__ import annotations

import os
from importlib import import_module

if __name__ == "__main__":
    # Inside a test run: its server is not ours. Read when the modules below are imported.
    for name in ("BATON_TEST_DB", "BATON_TEST_PG_URL"):
        os.environ.pop(name, None)
    import_module("benchmarks.run").main()
