"""The house itself: lint, types, who may import whom, sizes, and what must never stand in a committed file."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "schemas",
    "configs",
    "engines",
    "extractors",
    "storage",
    "quality",
    "workspace",
    "pipeline",
    "review",
    "flows",
    "portal",
    "cli",
    "samples",
    "benchmarks",
)
MOST_LINES = 430
# Where catching everything is right: the border of one file's work, where it is recorded, or the outermost one.
CATCH_ALL = {
    "engines/worker.py": "the border of one job in a worker",
    "engines/pool.py": "hands any failure to who waits for the job",
    "pipeline/work.py": "the border of one file's work: it becomes that file's finding",
    "engines/spreadsheets.py": "the border of one table given by a person: its parser raises anything",
    "portal/answering.py": "the border of one request: it becomes the page that says so, and a line of the log",
    "flows/prefect_run.py": "asked whether a failed try may pass: what is none of ours may not",
}


def tracked() -> list[Path]:
    """Files git knows, or would know."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def modules() -> list[Path]:
    """Our own Python files, tests left out."""
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ROOMS]


def check(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_lint_is_quiet() -> None:
    check("ruff", "check", ".")


def test_every_file_is_formatted() -> None:
    check("ruff", "format", "--check", ".")


def test_types_are_strict_and_hold() -> None:
    check("mypy")


def test_rooms_import_only_what_they_may() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def test_no_import_goes_round_in_a_circle() -> None:
    packages = [room for room in ROOMS if room != "benchmarks"]
    graph = grimp.build_graph(*packages, include_external_packages=False, cache_dir=None)
    imports = {
        # A package imports what its modules offer; its modules import each other, not the package.
        module: {each for each in graph.find_modules_directly_imported_by(module) if each != module}
        for module in graph.modules
    }
    graphlib.TopologicalSorter(imports).prepare()  # CycleError names the circle


def test_flows_are_wiring_only() -> None:
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "flows").rglob("*.py"))
    assert lines <= 3000


def test_no_module_grows_past_what_one_can_hold_in_mind() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in modules()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_no_module_is_named_after_nothing() -> None:
    empty = re.compile(r"^(utils?|helpers?|managers?|misc|common)$")
    assert [path for path in modules() if empty.match(path.stem)] == []


def test_everything_is_caught_only_where_it_is_recorded() -> None:
    catching = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                names = [node.type] if not isinstance(node.type, ast.Tuple) else node.type.elts
                if any(
                    name is None or getattr(name, "id", "") in {"Exception", "BaseException"}
                    for name in names
                ):
                    reraises = any(
                        isinstance(each, ast.Raise) and each.exc is None for each in ast.walk(node)
                    )
                    if not reraises:
                        catching.add(str(path.relative_to(ROOT)))
    assert catching <= set(CATCH_ALL), "add it to CATCH_ALL with its reason, or catch what can happen"


@pytest.mark.parametrize(
    "pattern", [r"/work/", r"pypi\.org", r"files\.pythonhosted", r"registry\.npmjs", r"proxy\.golang"]
)
def test_no_machine_path_and_no_registry_address_is_committed(pattern: str) -> None:
    wrong = []
    for path in tracked():
        if path == Path(__file__).resolve() or path.suffix in {".png", ".icc", ".ttf"}:
            continue
        if re.search(pattern, path.read_text(encoding="utf-8", errors="replace")):
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_nothing_that_a_command_made_lies_among_the_files_of_the_root() -> None:
    root = {path.name for path in tracked() if path.parent == ROOT}
    assert root == {".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "pyproject.toml"}


def test_no_helper_of_the_tests_imports_a_test_module() -> None:
    helpers = [path for path in (ROOT / "tests").rglob("*.py") if not path.name.startswith("test_")]
    guilty = [path.name for path in helpers if "tests.test_" in path.read_text(encoding="utf-8")]
    assert guilty == []


def test_every_command_is_given_on_the_command_line_by_a_test() -> None:
    tests = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    named = []
    for name, found in COMMANDS.items():
        named += [(name,)] if isinstance(found, str) else [(name, each) for each in found]
    absent = [words for words in named if not re.search(r",\s*".join(f'"{word}"' for word in words), tests)]
    assert absent == []
