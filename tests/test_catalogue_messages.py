"""Every error that is raised has its sentence, and brings the words the sentence asks for."""

from __future__ import annotations

import ast
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {
    *("StoreError", "CatalogueError", "CodeError", "UsageError", "SetupError", "ConfigurationError"),
    *("BatchNameTaken", "DeliveryError", "ClaimLost"),
}
ROOMS = (
    *("configs", "engines", "extractors", "storage", "quality", "workspace", "pipeline", "review"),
    *("flows", "portal", "cli"),
)


def calls(folder: str, names: set[str]) -> Iterator[tuple[str, ast.Call]]:
    """Calls of these names under a folder, with their places."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def asked(sentence: str) -> set[str]:
    """Names of the words that a sentence leaves open."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """Place, remedy and parameters of each error built with a remedy written out."""
    for place, node in (call for room in ROOMS for call in calls(room, OURS)):
        given = {each.arg: each.value for each in node.keywords if each.arg}
        remedy = given.pop("remedy", None)
        if isinstance(remedy, ast.Constant):
            yield place, str(remedy.value), set(given)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_remedy_is_a_sentence_with_its_words(lang: str) -> None:
    path = ROOT / "schemas" / "messages" / f"ui_{lang}.toml"
    sentences = tomllib.loads(path.read_text(encoding="utf-8"))["error"]
    found = list(raised())
    assert len(found) > 80
    for place, remedy, given in found:
        assert remedy in sentences, f"{place}: no sentence error.{remedy}"
        open_words = asked(sentences[remedy])
        assert open_words <= given | {"detail"}, f"{place}: error.{remedy} asks for {open_words - given}"


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_finding_of_the_catalogue_brings_the_words_of_its_sentence(lang: str) -> None:
    path = ROOT / "schemas" / "messages" / f"{lang}.toml"
    sentences = tomllib.loads(path.read_text(encoding="utf-8"))
    found = [*calls("storage/catalogue", {"finding"}), *calls("schemas", {"finding"})]
    found = [(place, node) for place, node in found if node.args]
    assert len(found) > 8
    for place, node in found:
        assert isinstance(node.args[0], ast.Constant)
        rule = str(node.args[0].value)
        given = {each.arg for each in node.keywords}
        for sentence in sentences[rule].values():
            assert asked(sentence) <= given, f"{place}: {rule} asks for {asked(sentence) - given}"
