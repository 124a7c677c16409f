"""`manage.py start_run`: a run from a terminal (interfaces.md 1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from builder.project_file import import_project
from projects.access import Caller
from runs.models import WorkflowRun
from tests.runs.casting import CALLER, agent, fail, gated, project_file, say, share, simple, stage, trigger, workflow
from tests.runs.play import Play

New = Callable[..., Play]
Json = Any


def test_it_waits_shows_progress_and_prints_the_run(play: New) -> None:
    """Interfaces 1: progress on stderr, the run as JSON on stdout, exit 0; rule 1.1: origin `cli`."""
    work = stage("Work", agent("Ada", trigger("Child"), share(told="{{result.result}}"), can=CALLER))
    one = play(workflow("Main", work), simple("Child", say("Hello.")))
    made = one.stack.manage("start_run", one.slug, "main", "--input", "The input.", "--wait")

    assert made.returncode == 0, made.stderr
    run = json.loads(made.stdout)
    assert run == one.get(run["id"])
    assert (run["status"], run["origin"], run["input"]) == ("completed", "cli", "The input.")
    assert run["result"]["value"] == {"told": "Hello."}
    progress = ["Main #1", "Work · Ada: triggered Child", "Work · Ada: shared told", "The run is completed"]
    places = [made.stderr.index(part) for part in progress]
    assert places == sorted(places)


def test_a_run_that_fails_exits_with_1_and_its_texts_cannot_steer_the_terminal(play: New) -> None:
    """Interfaces 1: failed or cancelled. Architecture 1.6: text is never code, for a terminal either."""
    told = share(**{"\x1b[31mred\x1b[0m [bold]not bold[/bold] \x07": 1})
    one = play(simple("Main", told, fail("bad_request")))
    made = one.stack.manage("start_run", one.slug, "Main", "--wait")

    assert (made.returncode, json.loads(made.stdout)["status"]) == (1, "failed")
    assert "The run failed" in made.stderr
    assert "[bold]not bold[/bold]" in made.stderr
    assert "\x1b" not in made.stderr


def test_without_wait_it_returns_as_soon_as_the_run_is_accepted(play: New) -> None:
    """Interfaces 1: and somebody else may wait for it."""
    one = play(gated("Main"))
    made = one.stack.manage("start_run", one.slug, "Main")

    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["status"] in ("queued", "running", "waiting")
    one.decide(json.loads(made.stdout), "Yes")
    assert one.until_over(json.loads(made.stdout))["status"] == "completed"


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["Typed", "--input", '{"title": 7}'], "input.title"),
        (["Main", "--input", "@/no/such/file"], "/no/such/file"),
        (["Nowhere"], "Nowhere"),
    ],
)
@pytest.mark.django_db
def test_what_is_refused_exits_with_2_and_leaves_no_run(
    capsys: pytest.CaptureFixture[str], args: list[str], word: str
) -> None:
    """Interfaces 1: the reason is on stderr, stdout stays empty."""
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    file = project_file(
        "Refused", simple("Main", say("Done.")), simple("Typed", say("Done.")) | {"input_schema": schema}
    )
    import_project(Caller(User.objects.create_user("admin")), file)

    with pytest.raises(SystemExit) as caught:
        call_command("start_run", "refused", *args, "--wait")

    said = capsys.readouterr()
    assert (caught.value.code, said.out) == (2, "")
    assert word in said.err
    assert WorkflowRun.objects.count() == 0


def test_an_option_that_there_is_not_is_refused_like_all_else(play: New) -> None:
    """Interfaces 1: by the process itself, without its inner workings."""
    one = play(simple("Main", say("Done.")))
    made = one.stack.manage("start_run", one.slug, "Main", "--colour", "red", "--wait")

    assert (made.returncode, made.stdout) == (2, "")
    assert "colour" in made.stderr
    assert "Traceback" not in made.stderr
    assert one.runs() == []


def test_an_object_may_come_from_a_file(play: New, tmp_path: Path) -> None:
    """Interfaces 1: @FILE; text that is a JSON object is read as one where the workflow has an input schema."""
    place = tmp_path / "input.json"
    place.write_text('{"title": "Brücken"}')
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    one = play(simple("Typed", say("{{input.title}}")) | {"input_schema": schema})
    made = one.stack.manage("start_run", one.slug, "Typed", "--input", f"@{place}", "--wait")

    assert json.loads(made.stdout)["result"]["value"] == "Brücken"
