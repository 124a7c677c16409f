"""The benchmarks of pages, one after the other, into benchmarks/results.md: `python -m benchmarks.pages`.

Ends with 1 where one of them has passed a limit. Each can be run by itself, too, and then writes nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.run import RESULTS
from benchmarks.sections import put
from tests.plugin import ROOT

PAGES = {"run_page": "The run page", "builder": "The Workflow Builder", "run_list": "The list of runs"}
_MOST_SECONDS = 1800


def measure(name: str, out: Path) -> bool:
    """Run one, show what it prints and keep it; whether it kept its limits."""
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=_MOST_SECONDS)
    print(done.stdout, flush=True)
    if done.stdout.strip():  # else it has broken before its table, and the last one stays
        date = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        text = done.stdout.replace("\n## ", "\n### ")
        put(out, name, f"## {PAGES[name]}\n\n{date}, `python -m benchmarks.{name}`.\n\n{text}")
    return done.returncode == 0


def main() -> None:
    """All, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PAGES, default=list(PAGES), help="only these")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the tables go (benchmarks/results.md)")
    chosen = parser.parse_args()
    held = [measure(name, chosen.out) for name in chosen.only]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
