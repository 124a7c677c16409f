"""The stories that are played again and again, with a death at another point each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.faults.rig import insist, until_over
from tests.runs.casting import (
    CALLER,
    DECIDER,
    Block,
    after,
    agent,
    call,
    decide,
    gate,
    gated,
    say,
    share,
    simple,
    stage,
    to_workflow,
    together,
    trigger,
    workflow,
)
from tests.runs.play import Play
from tests.waiting import wait_until

Json = Any
Story = Callable[[Play], Json]


def blocks() -> tuple[Block, ...]:
    """The workflows of all stories."""
    quick = {"attempts": 3, "backoff": 0.1, "max_backoff": 1}
    ada = agent(
        "Ada",
        share(a=1),
        trigger("Child", "one"),
        call("check_workflow", run_id="{{result.run_id}}"),
        share(b="{{result.result}}"),
        say("Ada is done."),
        can=CALLER,
    )
    ben = agent("Ben", {"fail": "rate_limit"}, share(c=3), decide("go"), say("Ben too."), can=DECIDER, retries=quick)
    return (
        workflow(
            "Family",
            stage(
                "Work",
                ada,
                ben,
                outcomes=["go"],
                routes={"go": to_workflow("Routed", input="Number {{results.a}}", then="Last")},
            ),
            stage("Last", agent("Eve", say("{{workflows.Routed.result.r}}")), mode="sequence"),
        ),
        simple("Child", trigger("Grandchild", "{{input}}"), share(told="{{result.result}}"), can=CALLER),
        simple("Grandchild", share(given="{{input}}"), say("Done.")),
        simple("Routed", share(r="{{input}}")),
        simple(
            "Swarm",
            together(*(trigger("Routed", str(n)) for n in range(4))),
            share(first="{{calls.0.result.r}}", last="{{calls.3.result.r}}"),
            can=CALLER,
        ),
        workflow(
            "Asked",
            stage(
                "Ask",
                outcomes=["yes"],
                exit_hooks=[gate({"Yes": "yes"})],
                routes={"yes": to_workflow("Routed", then="Last")},
            ),
            stage("Last", agent("Eve", say("{{workflows.Routed.result.r}}")), mode="sequence"),
        ),
        simple("Times out", trigger("Slow", timeout=1), share(told="{{result.status}}"), can=CALLER),
        simple("Waits", trigger("Slow"), say("Never."), can=CALLER),
        gated("Slow"),
        simple("Thinks", after(2, share(thought="long")), say("Done.")),
    )


def family(play: Play) -> Json:
    """Agents and an outcome trigger workflows, down to a grandchild; tools, a retry, a decision."""
    return _start(play, "Family")


def thinks(play: Play) -> Json:
    """A model takes longer than a lease."""
    return _start(play, "Thinks")


def swarm(play: Play) -> Json:
    """Four children at once."""
    return _start(play, "Swarm")


def asked(play: Play) -> Json:
    """A person answers, and the outcome leads to a workflow."""
    run = _start(play, "Asked", end=False)
    _answer(play, run)
    return until_over(play, run)


def times_out(play: Play) -> Json:
    """A wait ends by its limit; the child goes on until it is answered."""
    run = _start(play, "Times out")
    child = play.only_child(run)
    _answer(play, child)
    until_over(play, child)
    play.until_told(run, "workflow.late")
    return play.get(run)


def cancelled(play: Play) -> Json:
    """A run is cancelled together with the child that it waits for."""
    run = _start(play, "Waits", end=False)
    wait_until(lambda: insist(play, "GET", f"/runs/{run['id']}").json()["status"] == "waiting", 90, "the run waits")
    answer = insist(play, "POST", f"/runs/{run['id']}/cancel")
    assert answer.status_code in (200, 409)
    insist(play, "GET", f"/runs/{run['id']}")
    until_over(play, play.only_child(run))
    play.until_told(run, "workflow.late")
    return until_over(play, run)


STORIES: dict[str, Story] = {each.__name__: each for each in (family, thinks, swarm, asked, times_out, cancelled)}


def _start(play: Play, name: str, *, end: bool = True) -> Json:
    """Start with a key of its own, so that whoever asks again gets the same run."""
    key = {"Idempotency-Key": f"story {len(play.runs())}"}
    answer = insist(play, "POST", f"/projects/{play.slug}/workflows/{name}/runs", {"input": ""}, headers=key)
    assert answer.status_code in (200, 201), answer.text
    return until_over(play, answer.json()) if end else answer.json()


def _answer(play: Play, run: Json) -> None:
    opened = wait_until(lambda: _gates(play, run), 90, "an open gate")[0]
    answer = insist(play, "POST", f"/gates/{opened['id']}/answer", {"option": "Yes"})
    assert answer.status_code in (200, 409)  # 409: the answer was committed, its server died before it could say so


def _gates(play: Play, run: Json) -> list[Json]:
    answer = insist(play, "GET", f"/projects/{play.slug}/gates?status=open")
    return [gate for gate in answer.json()["items"] if gate["run_id"] == run["id"]]
