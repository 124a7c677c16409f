"""One project on a running stack: start its workflows over HTTP, and look at what became of them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.runs.casting import Block, Cast, project_file
from tests.stack import Stack
from tests.waiting import wait_until

Json = Any
OVER = ("completed", "failed", "cancelled")
PATIENCE = 60.0  # seconds; a busy machine is slow, and nothing here measures time


class Play:
    """A project of its own, called as nobody else's, on a stack that others may use too."""

    def __init__(self, stack: Stack, *workflows: Block, agents: tuple[Cast, ...] = (), **project: Json) -> None:
        self.stack = stack
        name = f"Play {uuid4().hex[:12]}"
        answer = stack.api("POST", "/projects/import", project_file(name, *workflows, agents=agents, **project))
        assert answer.status_code == 201, answer.text
        self.slug: str = answer.json()["project"]

    # Asking

    def api(self, method: str, path: str, json: Json = None, **more: Any) -> httpx.Response:
        """Any call, whatever its answer."""
        return self.stack.api(method, path, json, **more)

    def ok(self, method: str, path: str, json: Json = None, **more: Any) -> Json:
        """A call that succeeds; its body."""
        answer = self.api(method, path, json, **more)
        assert answer.status_code in (200, 201), f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def token(self, *scopes: str) -> str:
        """A token of this project alone."""
        made: str = self.ok("POST", f"/projects/{self.slug}/tokens", {"name": "Test", "scopes": list(scopes)})["token"]
        return made

    # Starting

    def post(
        self, name: str, input: Json = "", *, query: str = "", key: str | None = None, **body: Json
    ) -> httpx.Response:
        """Ask for a start, whatever the answer."""
        headers = {"Idempotency-Key": key} if key is not None else {}
        path = f"/projects/{self.slug}/workflows/{name}/runs{query}"
        return self.api("POST", path, {"input": input, **body}, headers=headers)

    def start(self, name: str, input: Json = "", **more: Any) -> Json:
        """Start a run and return it as it was then."""
        answer = self.post(name, input, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def run(self, name: str, input: Json = "", **more: Any) -> Json:
        """Start a run and return it when it has ended."""
        answer = self.post(name, input, query="?wait=60", **more)
        assert answer.status_code == 201, answer.text
        assert answer.json()["status"] in OVER
        return answer.json()

    def completed(self, name: str, input: Json = "", **more: Any) -> Json:
        """Start a run that completes."""
        run = self.run(name, input, **more)
        assert run["status"] == "completed", run["error"]
        return run

    # Looking

    def get(self, run: Json) -> Json:
        """The run as it is now."""
        return self.ok("GET", f"/runs/{_id(run)}")

    def until(self, run: Json, *statuses: str) -> Json:
        """The run as soon as it has one of these statuses."""

        def look() -> Json:
            found = self.get(run)
            return found if found["status"] in statuses else None

        return wait_until(look, PATIENCE, lambda: f"{statuses}, it is {self.get(run)['status']}")

    def until_over(self, run: Json) -> Json:
        """The run when it has ended."""
        return self.until(run, *OVER)

    def until_waiting(self, run: Json) -> Json:
        """The run when it waits."""
        return self.until(run, "waiting")

    def runs(self, query: str = "") -> list[Json]:
        """The project's runs, newest first."""
        found: list[Json] = self.ok("GET", f"/projects/{self.slug}/runs?limit=500{query}")["items"]
        return found

    def children(self, run: Json) -> list[Json]:
        """The runs that this one started, in order."""
        return [self.get(child) for child in self.get(run)["children"]]

    def only_child(self, run: Json) -> Json:
        """The one run that this one started, as soon as it is there."""
        wait_until(lambda: self.get(run)["children"], PATIENCE, "a child")
        (child,) = self.children(run)
        return child

    def events(self, run: Json) -> list[Json]:
        """The whole log; its numbers have no gaps."""
        found: list[Json] = self.ok("GET", f"/runs/{_id(run)}/events?limit=500")["items"]
        assert [event["seq"] for event in found] == list(range(1, len(found) + 1))
        return found

    def told(self, run: Json, kind: str) -> list[Json]:
        """The data of the events of one kind."""
        return [event["data"] for event in self.events(run) if event["kind"] == kind]

    def until_told(self, run: Json, kind: str, times: int = 1) -> list[Json]:
        """The data of the events of one kind, as soon as there are so many."""

        def look() -> list[Json]:
            found = self.told(run, kind)
            return found if len(found) >= times else []

        return wait_until(look, PATIENCE, lambda: f"{kind}, there is {[event['kind'] for event in self.events(run)]}")

    def work(self, run: Json, name: str, visit: int = 1) -> Json:
        """One agent's work: its turns, tools and text."""
        found = [
            one["id"]
            for each in self.get(run)["stages"]
            for one in each["agents"]
            if one["agent"] == name and each["visit"] == visit
        ]
        return self.ok("GET", f"/runs/{_id(run)}/agents/{found[0]}")

    def results_of(self, run: Json, name: str) -> list[Json]:
        """What an agent's tools returned, in order."""
        return [tool["result"] for turn in self.work(run, name)["turns"] for tool in turn["tools"]]

    # Gates and control

    def gate(self, run: Json) -> Json:
        """The open gate of a run, as soon as there is one."""

        def look() -> Json:
            gates = self.ok("GET", f"/projects/{self.slug}/gates?status=open&limit=500")["items"]
            return next((gate for gate in gates if gate["run_id"] == _id(run)), None)

        return wait_until(look, PATIENCE, "an open gate")

    def answer(self, gate: Json, option: str, comment: str = "", **more: Any) -> httpx.Response:
        """Answer a gate, whatever comes back."""
        return self.api("POST", f"/gates/{gate['id']}/answer", {"option": option, "comment": comment}, **more)

    def decide(self, run: Json, option: str) -> Json:
        """Answer the open gate of a run; the gate as it is then."""
        answer = self.answer(self.gate(run), option)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, run: Json, what: str, body: Json = None) -> httpx.Response:
        """Cancel, pause or resume, whatever comes back."""
        return self.api("POST", f"/runs/{_id(run)}/{what}", body)


def _id(run: Json) -> str:
    return run if isinstance(run, str) else str(run["id"])


def codes(run: Json) -> list[str]:
    """The codes of a run's warnings."""
    return [warning["code"] for warning in run["warnings"]]


def problem(answer: httpx.Response) -> Json:
    """The error that an answer tells."""
    return answer.json()["error"]
