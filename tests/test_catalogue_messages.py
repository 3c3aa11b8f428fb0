"""Every error that storage raises has its sentence, and brings the words the sentence asks for."""

from __future__ import annotations

import ast
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"StoreError", "CatalogueError", "CodeError", "UsageError", "BatchNameTaken"}


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """Place, remedy and parameters of each error built in `storage/` with a remedy written out."""
    for path in sorted((ROOT / "storage").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OURS:
                given = {each.arg: each.value for each in node.keywords if each.arg}
                remedy = given.pop("remedy", None)
                if isinstance(remedy, ast.Constant):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", str(remedy.value), set(given)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_remedy_of_storage_is_a_sentence_with_its_words(lang: str) -> None:
    path = ROOT / "configs" / "messages" / f"ui_{lang}.toml"
    sentences = tomllib.loads(path.read_text(encoding="utf-8"))["error"]
    found = list(raised())
    assert len(found) > 15
    for place, remedy, given in found:
        assert remedy in sentences, f"{place}: no sentence error.{remedy}"
        asked = {name for _, name, _, _ in string.Formatter().parse(sentences[remedy]) if name}
        assert asked <= given | {"detail"}, f"{place}: error.{remedy} asks for {asked - given}"
