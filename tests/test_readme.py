"""README true to the letter: its commands are those of the command line, its pictures and pages are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def named() -> set[tuple[str, ...]]:
    """Commands in the README's table, as they are typed."""
    found: set[tuple[str, ...]] = set()
    for row in re.findall(r"^\| (`sohoa .*?) \|(?!\|)", README.replace(r"\|", "¦"), re.MULTILINE):
        for typed in re.findall(r"`sohoa ([^`]*)`", row):
            name, *rest = typed.split()
            if isinstance(COMMANDS.get(name), dict):
                found |= {(name, each) for each in rest[0].split("¦")}
            else:
                found.add((name,))
    return found


def offered() -> set[tuple[str, ...]]:
    """Commands of the command line."""
    found: set[tuple[str, ...]] = set()
    for name, target in COMMANDS.items():
        found |= {(name, each) for each in target} if isinstance(target, dict) else {(name,)}
    return found


def test_the_readme_names_every_command_and_no_other() -> None:
    assert named() == offered()


@pytest.mark.parametrize(
    "page", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


@pytest.mark.parametrize(
    "page",
    [
        "architecture.md",
        "glossary.md",
        "configuration.md",
        "installation.md",
        "operations.md",
        "store.md",
        "machines.md",
    ],
)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    rooms = (
        "schemas|configs|engines|extractors|storage|quality|workspace|pipeline|review|flows|cli|scripts|tests"
    )
    files = re.findall(rf"`((?:{rooms})/[\w./-]+\.(?:py|toml|csv|sh))", text)
    assert [name for name in files if not (ROOT / name).exists()] == []
