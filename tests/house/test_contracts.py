"""What keeps the code in shape: who imports whom, where state is changed, how long a thing may be."""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugin import ROOT

APPS = ("config", "projects", "agents", "builder", "runs")
LONGEST_FUNCTION = 60
LONG_FILE = 300
# Longer than LONG_FILE today, with what they may not outgrow. This list never grows.
LONG_FILES: dict[str, int] = {
    "builder/spec.py": 440,
    "runs/engine/routing.py": 310,
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _modules(*folders: str) -> Iterator[tuple[str, str, ast.Module]]:
    """Path below the root, text and tree of every module, without migrations."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                text = path.read_text(encoding="utf-8")
                yield path.relative_to(ROOT).as_posix(), text, ast.parse(text)


def _imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of every module that is imported, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def _functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def test_the_engine_imports_nothing_that_acts() -> None:
    """Architecture 2: the standard library without its clocks and doors, pydantic, and the definition types."""
    ours = ("runs.engine", "builder.spec", "agents.runtime.values", "agents.runtime.script", "pydantic")
    acts = {"os", "io", "time", "random", "secrets", "socket", "subprocess", "threading", "asyncio", "sqlite3", "uuid"}

    found = [
        f"{path}:{line} {name}"
        for path, _, tree in _modules("runs/engine")
        for line, name in _imported(tree)
        if not name.startswith(ours)
        and (name.split(".")[0] not in sys.stdlib_module_names or name.split(".")[0] in acts)
    ]

    assert found == []


def test_no_import_inside_a_function_dodges_a_cycle() -> None:
    """Our own modules are imported at the top; only what loads the heavy SDKs of providers waits until it is needed."""
    heavy = {("agents/runtime/asking.py", "agents.runtime")}
    found = [
        f"{path}:{line} {name}"
        for path, _, tree in _modules(*APPS)
        for function in _functions(tree)
        for line, name in _imported(function)
        if name.split(".")[0] in APPS and (path, name) not in heavy
    ]

    assert found == []


def test_the_environment_is_read_in_a_few_places_only() -> None:
    """Style 4: settings are read in config; beside it by who starts processes, and the keys of providers by name."""
    keys = ("agents/runtime/models.py", "agents/runtime/asking.py")
    readers = ("config/", "projects/stack/", "projects/management/commands/", "runs/faults.py", *keys)
    found = [
        path
        for path, text, _ in _modules(*APPS)
        if ("os.environ" in text or "getenv" in text) and not path.startswith(readers)
    ]

    assert found == []


@pytest.mark.parametrize("word", ["eval", "exec", "compile", "__import__"])
def test_text_is_never_code(word: str) -> None:
    """Architecture 1.6."""
    found = [
        f"{path}:{node.lineno}"
        for path, _, tree in _modules(*APPS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == word
    ]

    assert found == []


def test_nothing_happens_behind_a_save() -> None:
    """Style 4: no signals for domain logic, no save() that does more."""
    found = [
        f"{path}:{node.lineno}"
        for path, _, tree in _modules(*APPS)
        for outer in ast.walk(tree)
        for node in (outer.body if isinstance(outer, ast.ClassDef) else [outer])
        if (isinstance(outer, ast.ClassDef) and isinstance(node, Function) and node.name in ("save", "delete"))
        or (isinstance(node, ast.ImportFrom) and node.module == "django.db.models.signals")
    ]

    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    """Style 37: each module opens with one to three lines of purpose."""
    silent = [
        path
        for path, text, tree in _modules(*APPS, "tests")
        if text.strip() and not path.endswith("tests/__init__.py") and ast.get_docstring(tree) is None
    ]

    assert [path for path in silent if Path(path).name != "__init__.py"] == []


def test_functions_stay_small() -> None:
    """Style 2: median under 10 lines, none over 60."""
    sizes = {
        f"{path}:{function.name}": (function.end_lineno or function.lineno) - function.lineno + 1
        for path, _, tree in _modules(*APPS, "tests", "benchmarks")
        for function in _functions(tree)
    }

    assert {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION} == {}
    assert statistics.median(sizes.values()) < 10


def test_files_stay_short() -> None:
    """Style 1: under 300 lines; what is longer today may only become shorter."""
    sizes = {path: len(text.splitlines()) for path, text, _ in _modules(*APPS)}
    long = {path: size for path, size in sizes.items() if size > LONG_FILE}

    assert {path: size for path, size in long.items() if size > LONG_FILES.get(path, LONG_FILE)} == {}
