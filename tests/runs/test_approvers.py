"""Gates that ask some persons and not others, and several of them (behaviour.md 7.4), over REST on the real stack."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.runs.casting import agent, gated, say, stage, workflow
from tests.runs.play import Play, problem
from tests.stack import Stack
from tests.waiting import wait_until

New = Callable[..., Play]
Json = Any
ROLES = {"gina": "operator", "otto": "operator", "edda": "editor", "vico": "viewer"}
_USERS = """
from django.contrib.auth.models import User
from django.core.management import call_command
for name in %r:
    user, _ = User.objects.get_or_create(username=name)
    call_command("create_token", name)
"""


@pytest.fixture(scope="module")
def tokens(stack: Stack) -> dict[str, str]:
    """A token of each of four users; admin owns every project of the tests."""
    made = stack.manage("shell", "-v", "0", "-c", _USERS % (list(ROLES),))
    assert made.returncode == 0, made.stderr
    return dict(zip(ROLES, made.stdout.split(), strict=True)) | {"admin": stack.token}


@pytest.fixture
def team(play: New, tokens: dict[str, str]) -> Callable[..., Play]:
    """A project of one workflow whose members are the four."""

    def new(**hook: Json) -> Play:
        one = play(gated("Main", **hook))
        for name, role in ROLES.items():
            one.ok("POST", f"/projects/{one.slug}/members", {"user": name, "role": role})
        return one

    return new


def test_only_the_named_persons_and_roles_may_answer(team: New, tokens: dict[str, str]) -> None:
    """Rule 7.4: approvers are usernames or roles; a role holds for those above it, and everybody else is told who."""
    one = team(approvers=["gina", "editor"])
    opened = one.gate(one.start("Main"))
    refused = {name: one.answer(opened, "Yes", token=tokens[name]) for name in ("otto", "vico")}

    assert [answer.status_code for answer in refused.values()] == [403, 403]
    assert "Only gina or an editor may answer" in problem(refused["otto"])["message"]
    assert "operator" in problem(refused["vico"])["message"]
    assert one.ok("GET", f"/gates/{opened['id']}")["status"] == "open"
    assert opened["approvers"] == ["gina", "editor"]
    (person,) = [link for link in one.ok("GET", f"/runs/{opened['run_id']}/why")["chain"] if link["kind"] == "person"]
    assert person["label"] == "gina or an editor"
    assert one.answer(opened, "Yes", token=tokens["edda"]).status_code == 200
    again = one.gate(one.start("Main"))
    assert one.answer(again, "Yes", token=tokens["admin"]).status_code == 200  # an owner is more than an editor
    third = one.gate(one.start("Main"))
    assert one.answer(third, "No", token=tokens["gina"]).json()["answer"]["by"] == "gina"


def test_whoever_started_the_run_may_be_kept_from_answering(team: New, tokens: dict[str, str]) -> None:
    """Rule 7.4: "the starter may not approve"; of a triggered run, whoever started the first one."""
    one = team(starter_may_answer=False)
    opened = one.gate(one.start("Main"))
    own = one.answer(opened, "Yes")

    assert (own.status_code, "its starter may not answer" in problem(own)["message"]) == (403, True)
    assert one.answer(opened, "Yes", token=tokens["gina"]).status_code == 200


def test_as_many_as_the_quorum_have_to_agree(team: New, tokens: dict[str, str]) -> None:
    """Rule 7.4: the option that so many persons chose decides; until then each voice is kept and shown."""
    one = team(quorum=2, output_key="decision")
    run = one.start("Main")
    opened = one.gate(run)
    first = one.answer(opened, "Yes", "Fine.", token=tokens["gina"]).json()
    other = one.answer(opened, "No", token=tokens["otto"]).json()
    again = one.answer(opened, "Yes", token=tokens["gina"])

    assert (opened["quorum"], first["status"], other["status"]) == (2, "open", "open")
    assert [(voice["by"], voice["option"]) for voice in other["answers"]] == [("gina", "Yes"), ("otto", "No")]
    assert (again.status_code, problem(again)["code"]) == (409, "already_answered")
    assert one.get(run)["status"] == "waiting"
    changed = one.answer(opened, "Yes", "Convinced.", token=tokens["otto"]).json()
    assert (changed["status"], changed["answer"]["by"]) == ("answered", "gina, otto")
    assert changed["answer"]["comment"] == "gina: Fine.\notto: Convinced."
    late = one.answer(opened, "No", token=tokens["edda"])
    assert (late.status_code, "Already answered by gina, otto: Yes" in problem(late)["message"]) == (409, True)
    assert one.until_over(run)["stages"][0]["outcome"] == first["options"][0]["outcome"]
    assert len(one.told(run, "gate.voted")) == 2
    assert len(one.told(run, "gate.answered")) == 1


def test_of_many_voices_at_once_each_person_counts_once(team: New, tokens: dict[str, str]) -> None:
    """Rules 7.3, 7.4: three people and their doubled clicks; the quorum of three is reached once."""
    one = team(quorum=3)
    run = one.start("Main")
    opened = one.gate(run)
    people = ["gina", "otto", "edda"] * 4
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda name: one.answer(opened, "Yes", token=tokens[name]), people))

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 9
    assert one.until_over(run)["status"] == "completed"
    assert sorted(voice["by"] for voice in one.ok("GET", f"/gates/{opened['id']}")["answers"]) == sorted(ROLES)[:3]


def test_of_many_presses_of_one_link_one_counts(team: New, tokens: dict[str, str]) -> None:
    """Trust P16, S7: a link is good for one answer, also for twelve at the same moment that differ."""
    one = team(quorum=2)
    opened = one.gate(one.start("Main"))
    made = one.ok("POST", f"/gates/{opened['id']}/links", {"user": "admin"})
    with httpx.Client(trust_env=False, timeout=60) as phone:
        page = phone.get(made["url"])
        form = {"csrfmiddlewaretoken": re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[0]}

        def press(number: int) -> int:
            option = {"option": "Yes" if number % 2 else "No"}
            return phone.post(made["url"], data=form | option, headers={"Origin": "null"}).status_code

        with ThreadPoolExecutor(12) as pool:
            answers = sorted(pool.map(press, range(12)))
    assert set(answers) <= {200, 409, 410}
    assert answers.count(200) == 1
    (voice,) = one.ok("GET", f"/gates/{opened['id']}")["answers"]
    assert (voice["by"], voice["channel"]) == ("admin", "link")


def test_reminders_come_once_each_and_end_with_the_answer(team: New) -> None:
    """Rules 7.4, 11.5: rows that the scheduler finds; each is told once in the log."""
    one = team(reminders=[2, 1, 600])
    run = one.start("Main")
    opened = one.gate(run)
    told = one.until_told(run, "gate.reminded", 2)

    assert [data["number"] for data in told] == [1, 2]
    assert one.answer(opened, "Yes").status_code == 200
    assert one.until_over(run)["status"] == "completed"


# Questions


def _asking(*script: Json, can: tuple[str, ...] = ("ask_people",), **fields: Json) -> Json:
    return workflow("Main", stage("Work", agent("Ada", *script, can=can), agent("Ben", say("Ben is done."))), **fields)


def _ask(message: str, **more: Json) -> Json:
    return {"call": "ask_person", "args": {"message": message, **more}}


def test_an_agent_asks_and_goes_on_with_the_answer(play: New) -> None:
    """Interfaces 4: ask_person; only the asking agent blocks, the answer is the tool's result."""
    one = play(_asking(_ask("Which colour?", options=["Red", "Blue"]), say("It is {{result.answer}}.")))
    run = one.until_waiting(one.start("Main"))
    asked = one.gate(run)
    wrong = one.answer(asked, "Green")

    assert (asked["kind"], asked["name"], asked["message"]) == ("question", "Ada", "Which colour?")
    assert {each["agent"]: each["status"] for each in run["stages"][0]["agents"]} == {"Ada": "blocked", "Ben": "done"}
    (wait,) = run["waiting_on"]
    assert (wait["kind"], wait["agent_run"]) == ("gate", asked["agent_run"])
    chain = [(link["kind"], link["label"]) for link in one.ok("GET", f"/runs/{run['id']}/why")["chain"]]
    assert chain[:2] == [("agent", "Ada"), ("gate", "Ada asks: Which colour?")]
    assert wrong.status_code == 422
    assert one.answer(asked, "Blue", "It is the sky.").status_code == 200
    assert one.answer(asked, "Red").status_code == 409
    run = one.until_over(run)
    assert "It is Blue." in run["result"]["value"]
    told = {"status": "answered", "answer": "Blue", "comment": "It is the sky.", "by": "admin", "error": None}
    assert one.results_of(run, "Ada") == [told]


def test_questions_of_one_turn_are_answered_in_any_order_with_free_text(play: New) -> None:
    """Rule 5.5 and its kin: the agent goes on when all are back, in call order."""
    one = play(_asking({"together": [_ask("Name?"), _ask("Place?")]}, say("{{calls.0.answer}}, {{calls.1.answer}}")))
    run = one.until_waiting(one.start("Main"))
    gates = {each["message"]: each for each in one.ok("GET", f"/projects/{one.slug}/gates?status=open")["items"]}

    assert one.answer(gates["Place?"], "", " ").status_code == 422
    assert one.answer(gates["Place?"], "", "Berlin").status_code == 200
    assert one.get(run)["status"] == "waiting"
    assert one.answer(gates["Name?"], "", "Ana").status_code == 200
    assert "Ana, Berlin" in one.until_over(run)["result"]["value"]


def test_nobody_in_time_is_told_to_the_agent_and_cancel_ends_the_question(play: New) -> None:
    """Interfaces 4, rules 10.1, 11.5: a time-out is a result, never a failure of the run."""
    one = play(_asking(_ask("Anyone?", timeout=1), say("{{result.status}}"), _ask("?")))
    run = one.until_over(one.start("Main"))
    assert "timed_out" in run["result"]["value"]

    other = play(_asking(_ask("Anyone?")))
    run = other.until_waiting(other.start("Main"))
    asked = other.gate(run)
    assert other.control(run, "cancel").status_code == 200
    assert other.ok("GET", f"/gates/{asked['id']}")["status"] == "cancelled"
    late = other.answer(asked, "", "Me.")
    assert (late.status_code, "cancelled" in problem(late)["message"]) == (409, True)


def test_without_the_capability_nobody_is_asked(play: New) -> None:
    """Rule 2.4: the refusal is the tool's result."""
    one = play(_asking(_ask("May I?"), say("{{result.error}}"), can=()))
    run = one.completed("Main")

    assert "ask_people is not enabled" in run["result"]["value"]
    assert one.ok("GET", f"/projects/{one.slug}/gates")["items"] == []


def test_one_slot_is_free_while_agents_ask(small: New) -> None:
    """Rule 1.7: whoever waits for a person holds no worker."""
    one = small(_asking(_ask("Which?"), say("Done.")), workflow("Other", stage("Only", agent("Cy", say("Hi.")))))
    run = one.until_waiting(one.start("Main"))

    assert one.completed("Other")["status"] == "completed"
    assert one.answer(one.gate(run), "", "This.").status_code == 200
    wait_until(lambda: one.get(run)["status"] == "completed", 30, "the run that asked")
