"""A stack whose processes die where the plan says, and stories whose ends are known from a clean run."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.faults.database import Database
from tests.faults.invariants import at_work, broken
from tests.runs.play import OVER, Play
from tests.stack import Stack
from tests.waiting import wait_until

Json = Any
PATIENCE = 90.0  # seconds; a killed process needs some to start again on a busy machine


class Rig:
    """One stack with armed crash points. Leases are short, so that nobody waits long for the dead."""

    def __init__(self, **options: Any) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="baton-faults-"))
        # Longer than the path of a socket may be, about 107 bytes.
        data = self.folder / ("long " * 20).strip() / ("ä" * 30)
        data.mkdir(parents=True)
        self._planned: frozenset[str] = frozenset()
        env = {"BATON_FAULTS": "1", "BATON_FAULT_LOG": str(self.folder), "LEASE_SECONDS": "1.5"}
        self.stack = Stack(env={**env, **options.pop("env", {})}, data=data, **options)

    def start(self) -> Rig:
        """Start everything."""
        self.stack.start()
        return self

    def stop(self) -> None:
        """Stop everything and clear up."""
        self.stack.stop()
        shutil.rmtree(self.folder)

    def plan(self, *points: str, action: str = "kill9") -> None:
        """From now on processes die at these points (`name@hit`); hits count from 1 again."""
        self._planned = frozenset(points)
        (self.folder / "hits").write_text("")
        fresh = self.folder / "plan.new"
        fresh.write_text(",".join(f"{point}:{action}" for point in points))
        fresh.rename(self.folder / "plan")

    def hits(self) -> list[str]:
        """The points that were hit under this plan, in order, as `name@hit`."""
        return [line.split()[1] for line in (self.folder / "hits").read_text().splitlines()]

    def fired(self) -> frozenset[str]:
        """The points of the plan at which something happened."""
        return self._planned & set(self.hits())

    def until_well(self) -> None:
        """Until web, worker and scheduler are back."""

        def ready() -> bool:
            try:
                return self.stack.client.get("/readyz").status_code == 200
            except httpx.TransportError:
                return False

        wait_until(ready, PATIENCE, "readyz")

    def check(self) -> None:
        """Nothing has anything to do, and everything holds together."""
        with Database(self.stack) as database:
            wait_until(lambda: not at_work(database), PATIENCE, lambda: str(at_work(database)))
            wait_until(lambda: not broken(database), 10, lambda: str(broken(database)))


@dataclass(frozen=True)
class Told:
    """What can be compared of a run and everything below it, whichever process did it."""

    runs: tuple[Json, ...]
    events: Json

    @classmethod
    def of(cls, play: Play, run: Json) -> Told:
        """The family of a run as it stands."""
        items = play.ok("GET", f"/runs/{run['id']}/tree")["items"]
        runs = sorted((_shape(play.get(item)) for item in items), key=repr)
        kinds: Counter[str] = Counter()
        for item in items:
            kinds.update(_name(event) for event in play.events(item))
        for name in _ONLY_AFTER_CRASHES:
            kinds.pop(name, None)
        return cls(tuple(runs), dict(kinds))


# A takeover is told of; and whether a run waited in between or went straight on depends on who was quicker.
_ONLY_AFTER_CRASHES = ("agent.retrying worker_lost", "run.waiting", "run.resumed")


def _name(event: Json) -> str:
    lost = event["kind"] == "agent.retrying" and event["data"].get("reason") == "worker_lost"
    return "agent.retrying worker_lost" if lost else event["kind"]


def _shape(run: Json) -> Json:
    stages = [
        [
            each["name"],
            each["visit"],
            each["status"],
            each["outcome"],
            [[a["agent"], a["status"], a["turns"]] for a in each["agents"]],
        ]
        for each in run["stages"]
    ]
    codes = [warning["code"] for warning in run["warnings"]]
    error = run["error"]["code"] if run["error"] else None
    usage = run["usage"]["requests"]
    return [run["workflow"], run["depth"], run["origin"], run["status"], run["result"], error, codes, usage, stages]


def insist(play: Play, method: str, path: str, json: Json = None, **more: Any) -> httpx.Response:
    """Ask until there is an answer: whoever served the first time may have died over it."""

    def ask() -> httpx.Response | None:
        try:
            return play.api(method, path, json, **more)
        except httpx.TransportError:
            return None

    found = wait_until(ask, PATIENCE, f"an answer to {method} {path}")
    assert found is not None
    return found


def until_over(play: Play, run: Json) -> Json:
    """The run when it has ended, however often somebody dies meanwhile."""

    def look() -> Json:
        found = insist(play, "GET", f"/runs/{run['id']}").json()
        return found if found.get("status") in OVER else None

    return wait_until(look, PATIENCE, lambda: f"the end of {insist(play, 'GET', '/runs/' + run['id']).text}")
