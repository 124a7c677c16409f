"""Gates: people decide, once, on whatever surface (behaviour.md 7.2 to 7.4)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.runs.casting import DECIDER, agent, decide, gate, gated, say, share, stage, workflow
from tests.runs.play import Play, codes, problem
from tests.waiting import wait_until

New = Callable[..., Play]
Json = Any


def _review(**fields: Json) -> Json:
    """A stage with an agent, then a gate that leads to the end or back."""
    ask = gate({"Approve": "approve", "Revise": "revise"}, **fields)
    routes = {"approve": {"stage": "end"}, "revise": {"stage": "Draft"}}
    draft = stage("Draft", agent("Ada", share(draft="Draft {{visit}}"), say("Draft {{visit}} it is.")))
    return workflow("Main", draft, stage("Review", outcomes=["approve", "revise"], routes=routes, exit_hooks=[ask]))


def test_a_gate_shows_what_it_asks_and_the_run_waits_for_it(play: New) -> None:
    """Rule 7.2: the message with its values put in, the options with their outcomes."""
    one = play(_review(message="Publish “{{results.draft}}”?", name="Sign off"))
    run = one.until_waiting(one.start("Main"))
    shown = one.gate(run)

    assert shown == {
        "id": shown["id"],
        "kind": "gate",
        "run_id": run["id"],
        "agent_run": None,
        "stage": "Review",
        "name": "Sign off",
        "message": "Publish “Draft 1”?",
        "options": [{"label": "Approve", "outcome": "approve"}, {"label": "Revise", "outcome": "revise"}],
        "status": "open",
        "opened_at": shown["opened_at"],
        "deadline": None,
        "approvers": [],
        "quorum": 1,
        "starter_may_answer": True,
        "answers": [],
        "answer": None,
    }
    (wait,) = run["waiting_on"]
    assert (wait["kind"], wait["id"], wait["label"]) == ("gate", shown["id"], "Sign off")
    assert one.ok("GET", f"/gates/{shown['id']}") == shown


def test_the_answer_becomes_the_outcome_of_the_stage(play: New) -> None:
    """Rules 7.2, 3.2: who answered what, when and why is kept; later stages read it."""
    one = play(_review(output_key="decision"))
    run = one.start("Main")
    first = one.answer(one.gate(run), "Revise", "Too short.").json()
    one.until_told(run, "gate.opened", 2)
    one.decide(run, "Approve")
    run = one.until_over(run)

    assert first["status"] == "answered"
    answer = first["answer"]
    assert (answer["option"], answer["outcome"], answer["comment"]) == ("Revise", "revise", "Too short.")
    assert (answer["by"], answer["channel"], answer["at"].endswith("Z")) == ("admin", "api", True)
    assert [(each["name"], each["outcome"]) for each in run["stages"]] == [
        ("Draft", None),
        ("Review", "revise"),
        ("Draft", None),
        ("Review", "approve"),
    ]
    assert "Too short." in str(one.work(run, "Ada", visit=2)["query"])
    assert run["result"] == {"kind": "structured", "value": {"draft": "Draft 2"}}


def test_an_agents_decision_gives_way_to_the_gate(play: New) -> None:
    """Rule 3.2: the answer to the last blocking exit gate is the first that applies."""
    ask = gate({"Yes": "yes", "No": "no"})
    one = play(
        workflow(
            "Main",
            stage("Work", agent("Ada", decide("no"), can=DECIDER), outcomes=["yes", "no"], exit_hooks=[ask]),
        )
    )
    run = one.start("Main")
    one.decide(run, "Yes")

    assert one.until_over(run)["stages"][0]["outcome"] == "yes"


@pytest.mark.parametrize(("option", "agents"), [("Start", ["done"]), ("Skip", [])])
def test_at_entry_a_gate_holds_the_stage(play: New, option: str, agents: list[str]) -> None:
    """Rule 7.2: an option without an outcome lets the agents start, one with an outcome ends the stage."""
    hook = gate({"Start": None, "Skip": "skipped"})
    one = play(workflow("Main", stage("Work", agent("Ada", say("Hi.")), outcomes=["skipped"], entry_hooks=[hook])))
    run = one.until_waiting(one.start("Main"))
    assert run["stages"][0]["agents"] == []
    one.decide(run, option)
    (work,) = one.until_over(run)["stages"]

    assert [each["status"] for each in work["agents"]] == agents
    assert work["outcome"] == (None if option == "Start" else "skipped")


def test_a_channel_that_is_not_configured_never_blocks(play: New) -> None:
    """Rule 7.2: the gate opens in the inbox, with a warning that names the channel."""
    one = play(gated("Main", channels=["inbox", "telegram", "slack"]))
    run = one.until_waiting(one.start("Main"))

    assert codes(run) == ["channel_not_configured", "channel_not_configured"]
    assert ["telegram" in run["warnings"][0]["message"], "slack" in run["warnings"][1]["message"]] == [True, True]
    one.decide(run, "Yes")
    assert one.until_over(run)["status"] == "completed"


def test_whoever_answers_later_is_told_who_answered_what_and_when(play: New) -> None:
    """Rule 7.3: the same person's same answer included; the first stands."""
    one = play(gated("Main"))
    run = one.start("Main")
    opened = one.gate(run)
    first = one.answer(opened, "Yes")
    again, other = one.answer(opened, "Yes"), one.answer(opened, "No")

    assert (first.status_code, again.status_code, other.status_code) == (200, 409, 409)
    for late in (again, other):
        assert problem(late)["code"] == "gate_closed"
        assert all(word in problem(late)["message"] for word in ("admin", "Yes", "UTC"))
    assert one.ok("GET", f"/gates/{opened['id']}")["answer"]["option"] == "Yes"


def test_of_many_answers_at_once_one_wins(play: New) -> None:
    """Rule 7.3."""
    one = play(gated("Main"))
    run = one.start("Main")
    opened = one.gate(run)

    def ask(number: int) -> httpx.Response:
        with httpx.Client(base_url=one.stack.url, timeout=60, trust_env=False) as client:
            headers = {"Authorization": f"Bearer {one.stack.token}"}
            body = {"option": "Yes" if number % 2 else "No"}
            return client.post(f"/api/v1/gates/{opened['id']}/answer", json=body, headers=headers)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ask, range(12)))

    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 11
    assert one.until_over(run)["stages"][0]["outcome"] == won["answer"]["outcome"]
    assert len(one.told(run, "gate.answered")) == 1


def test_an_option_that_is_not_offered_is_refused(play: New) -> None:
    """Interfaces 5: 422, with those that are; labels are compared as they are."""
    one = play(gated("Main"))
    run = one.start("Main")
    opened = one.gate(run)

    for wrong in ("yes", "approve", ""):
        answer = one.answer(opened, wrong)
        assert (answer.status_code, problem(answer)["details"][0]["path"]) == (422, "option")
        assert "Yes, No" in problem(answer)["details"][0]["message"]
    assert one.api("POST", f"/gates/{opened['id']}/answer", {}).status_code == 422
    assert one.api("POST", f"/gates/{opened['id']}/answer", {"option": "Yes", "why": "x"}).status_code == 422
    assert one.get(run)["status"] == "waiting"


def test_a_get_never_decides(play: New, browser: httpx.Client) -> None:
    """Rule 7.3: links open a page with buttons."""
    one = play(gated("Main"))
    opened = one.gate(one.start("Main"))
    for method in ("GET", "HEAD", "OPTIONS"):
        assert one.api(method, f"/gates/{opened['id']}/answer?option=Yes").status_code in (405, 422)
    page = browser.get(f"/a/{opened['id']}")

    assert page.status_code == 200
    assert one.ok("GET", f"/gates/{opened['id']}")["status"] == "open"


def test_strangers_and_viewers_cannot_answer(play: New) -> None:
    """Rule 12.4: who may not see it is told that there is nothing; who may only read is told so."""
    one = play(gated("Main"))
    opened = one.gate(one.start("Main"))
    other = play(gated("Other"))
    foreign, reader = other.token(), one.token("read")

    assert one.answer(opened, "Yes", token=foreign).status_code == 404
    assert one.answer(opened, "Yes", token="").status_code == 401
    assert one.answer(opened, "Yes", token=reader).status_code == 403
    assert one.api("GET", f"/gates/{opened['id']}", token=reader).json()["status"] == "open"


def test_the_deadline_decides_when_nobody_does(play: New) -> None:
    """Rules 7.4, 11.5: with its outcome; an answer after it is told so."""
    one = play(gated("Main", deadline={"after": 1, "outcome": "no"}, output_key="decision"))
    run = one.start("Main")
    opened = one.gate(run)
    assert opened["deadline"] is not None
    run = one.until_over(run)
    closed = one.ok("GET", f"/gates/{opened['id']}")
    late = one.answer(opened, "Yes")

    assert run["stages"][0]["outcome"] == "no"
    assert (closed["status"], closed["answer"]["outcome"], closed["answer"]["by"]) == ("expired", "no", None)
    assert one.told(run, "outcome.decided")[0]["decided_by"] == "deadline"
    assert late.status_code == 409
    assert "expired" in problem(late)["message"]


def test_an_answer_before_the_deadline_ends_it(play: New) -> None:
    """Rule 7.4: the deadline of a decided gate does nothing."""
    after = stage("After", outcomes=["ok"], exit_hooks=[gate({"Ok": "ok"})])
    ask = gate({"Yes": "yes", "No": "no"}, deadline={"after": 2, "outcome": "no"})
    one = play(workflow("Main", stage("Ask", outcomes=["yes", "no"], exit_hooks=[ask]), after))
    run = one.start("Main")
    first = one.gate(run)
    assert one.answer(first, "Yes").status_code == 200
    other = one.start("Main")
    one.until_told(other, "gate.expired")

    assert one.ok("GET", f"/gates/{first['id']}")["status"] == "answered"
    assert one.told(run, "gate.expired") == []


def test_a_persons_choice_goes_past_the_loop_guard(play: New) -> None:
    """Rule 2.9: the guard never overrides an outcome that a person chose; a warning tells of it."""
    ask = gate({"Again": "again", "Done": "done"})
    routes = {"again": {"stage": "Draft"}}
    one = play(
        workflow(
            "Main",
            stage("Draft", agent("Ada", say("Draft {{visit}}.")), max_visits=1),
            stage("Review", outcomes=["again", "done"], routes=routes, exit_hooks=[ask]),
        )
    )
    run = one.start("Main")
    one.decide(run, "Again")
    one.until_told(run, "gate.opened", 2)
    one.decide(run, "Done")
    run = one.until_over(run)

    assert [each["visit"] for each in run["stages"] if each["name"] == "Draft"] == [1, 2]
    assert "guard_overridden" in codes(run)


def test_gates_are_listed_by_status_oldest_first(play: New) -> None:
    """Interfaces 5: and page by cursor."""
    one = play(gated("Main"))
    runs = [one.until_waiting(one.start("Main")) for _ in range(5)]
    one.decide(runs[1], "Yes")
    one.control(runs[3], "cancel")
    path = f"/projects/{one.slug}/gates"
    first = one.ok("GET", f"{path}?limit=2")
    second = one.ok("GET", f"{path}?limit=2&cursor={first['next']}")
    third = one.ok("GET", f"{path}?limit=2&cursor={second['next']}")

    listed = [*first["items"], *second["items"], *third["items"]]
    assert [each["run_id"] for each in listed] == [run["id"] for run in runs]
    assert third["next"] is None
    wait_until(lambda: one.get(runs[1])["status"] == "completed", 30, "the answered run")
    for status, places in {"open": (0, 2, 4), "answered": (1,), "cancelled": (3,), "expired": ()}.items():
        found = one.ok("GET", f"{path}?status={status}")["items"]
        assert [each["run_id"] for each in found] == [runs[place]["id"] for place in places]
    assert one.api("GET", f"{path}?status=nonsense").status_code == 422
    assert one.api("GET", f"{path}?cursor=nonsense").status_code == 422
