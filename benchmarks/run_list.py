"""The list of 100,000 runs, filter by filter, on SQLite and PostgreSQL: `python -m benchmarks.run_list`.

Prints p50 and p95 of the whole page in milliseconds, the plan of its query, and what the indexes cost a written run.
Ends with 1 where the limit of issue 4 is passed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.plugin import ROOT
from tests.postgres import Postgres, create_database

LIMIT = 200.0  # milliseconds, p95


def measure(database_url: str, folder: Path, runs: int, rounds: int) -> bool:
    """Measure one database in a process of its own; returns whether every filter kept the limit."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BATON_TEST")}
    env = {
        **kept,
        "BATON_DATA": str(folder),
        "DATABASE_URL": database_url,
        "PYTHONPATH": str(ROOT),
        "LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "benchmarks.run_list_work", str(runs), str(rounds)]
    done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    report = json.loads(done.stdout.splitlines()[-1])
    print(f"\n## {report['database']}, {report['runs']:,} runs\n")
    print("| list | p50 ms | p95 ms | rows |\n|---|---|---|---|")
    for each in report["figures"]:
        print(f"| {each['name']} | {each['p50']:.0f} | {each['p95']:.0f} | {each['rows']} |")
    print("\nPlans:\n")
    for each in report["figures"]:
        print(f"- {each['name']}\n  " + "\n  ".join(each["plan"]))
    cost = report["writing"]
    print(f"\nA run written, from queued to its result: {cost['with']:.2f} ms; without: {cost['without']:.2f} ms")
    return all(each["p95"] < LIMIT for each in report["figures"] if each["limited"])


def main() -> None:
    """Both databases, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgres"], choices=["sqlite", "postgres"])
    chosen = parser.parse_args()
    held = []
    for name in chosen.databases:
        with tempfile.TemporaryDirectory(prefix="baton-list-") as folder:
            server = Postgres() if name == "postgres" else None
            if server is not None:
                server.start()
            try:
                url = create_database(server.url("postgres"), "run_list") if server else ""
                held.append(measure(url, Path(folder), chosen.runs, chosen.rounds))
            finally:
                if server is not None:
                    server.stop()
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
