"""Every finding and error has its sentence in both languages, with the same parameters."""

from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest

from schemas import errors
from schemas.findings import RULES, Severity, finding
from schemas.wording import LANGUAGES, render, text

_FOLDER = Path(__file__).resolve().parents[1] / "schemas" / "messages"
_VIETNAMESE = re.compile(
    r"[àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ]", re.IGNORECASE
)


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def flat(rows: dict[str, Any], prefix: str = "") -> dict[str, str]:
    done: dict[str, str] = {}
    for key, value in rows.items():
        done |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return done


def names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_rule_and_no_other_has_a_message(lang: str) -> None:
    assert table(lang).keys() == RULES.keys()


@pytest.mark.parametrize("rule", sorted(RULES))
def test_both_languages_name_the_same_parameters(rule: str) -> None:
    vi, en = table("vi")[rule], table("en")[rule]
    assert names(vi["message"]) == names(en["message"])
    assert vi.keys() == en.keys()
    assert names(vi.get("remedy", "")) == names(en.get("remedy", ""))


@pytest.mark.parametrize(
    "rule", sorted(rule for rule, spec in RULES.items() if spec.severity is Severity.ERROR)
)
def test_every_error_says_what_to_do_next(rule: str) -> None:
    assert all(table(lang)[rule].get("remedy") for lang in LANGUAGES)


def test_vietnamese_sentences_bear_their_diacritics() -> None:
    for key, sentence in flat(table("vi")).items():
        assert _VIETNAMESE.search(sentence), key


def test_the_other_sentences_are_the_same_in_both_languages() -> None:
    vi, en = flat(table("ui_vi")), flat(table("ui_en"))
    assert vi.keys() == en.keys()
    for key in vi:
        assert names(vi[key]) == names(en[key]), key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_error_class_has_a_sentence(lang: str) -> None:
    # A source error never reaches a person as an error: it becomes a finding.
    for kind in vars(errors).values():
        if (
            not isinstance(kind, type)
            or not issubclass(kind, errors.SohoaError)
            or issubclass(kind, errors.SourceError)
        ):
            continue
        if kind is not errors.SohoaError:
            assert text(f"error.{kind.code}", lang, detail="x") != f"error.{kind.code}", kind


def test_a_finding_is_rendered_with_its_parameters() -> None:
    message, remedy = render(finding("image_low_resolution", page=3, value=96.0, limit=195.0), "vi")
    assert "96" in message
    assert remedy


def test_a_missing_parameter_never_breaks_a_sentence() -> None:
    for rule in RULES:
        for lang in LANGUAGES:
            message, _ = render(finding(rule), lang)
            assert "{" not in message


def test_an_unknown_key_shows_itself() -> None:
    assert text("no.such.key", "vi") == "no.such.key"
