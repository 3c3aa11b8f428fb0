"""What every command takes: `--home`, `--lang`, `--operator`, `--json`; and the settings that follow from them."""

from __future__ import annotations

import functools
import inspect
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import typer

from cli.wording import words
from configs.settings import Settings
from schemas.errors import UsageError
from workspace import log_lines


def named_path(given: str) -> Path:
    """A path as it was typed; an empty one, as of a variable that is not set, would mean the current folder.

    Raises:
        UsageError: it is empty.
    """
    if not given.strip():
        raise UsageError("an empty path", remedy="path_empty")
    return Path(given)


Home = Annotated[Path | None, typer.Option("--home", help=words("common.home"))]
Lang = Annotated[str | None, typer.Option("--lang", help=words("common.lang"))]
Operator = Annotated[str | None, typer.Option("--operator", help=words("common.operator"))]
Batch = Annotated[str, typer.Argument(metavar="BATCH", help=words("batch.batch"))]
AsJson = Annotated[bool, typer.Option("--json", help=words("common.json"))]

EXIT_WRONG: Final = 2
EXIT_SET_ASIDE: Final = 3


P = ParamSpec("P")


def command(function: Callable[Concatenate[Settings, P], int]) -> Callable[..., int]:
    """Make a command of a function that takes settings: it has the options `--home`, `--lang` and `--operator` too.

    A function with a parameter `operator` is given what was typed there; settings may know another name.
    """
    signature = inspect.signature(function, eval_str=True)
    own = [
        parameter for name, parameter in signature.parameters.items() if name not in {"settings", "operator"}
    ]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in (("home", Home), ("lang", Lang), ("operator", Operator))
    ]

    @functools.wraps(function)
    def run(
        home: Path | None = None, lang: str | None = None, operator: str | None = None, **given: Any
    ) -> int:
        if "operator" in signature.parameters:
            given["operator"] = operator
        return function(settings_of(home, lang, operator), **given)  # type: ignore[call-arg]

    # The parser reads both.
    run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *shared)}
    return run


def settings_of(home: Path | None, lang: str | None, operator: str | None) -> Settings:
    """Settings, overridden by command line options.

    Raises:
        ConfigurationError: a setting is unknown or cannot be used.
    """
    if lang not in {None, "vi", "en"}:
        raise typer.BadParameter("vi | en", param_hint="--lang")
    given = {"home": home, "lang": lang, "operator": operator}
    settings = Settings.load(**{key: value for key, value in given.items() if value is not None})
    os.environ["SOHOA_LANG"] = settings.lang
    log_lines.configure(settings.log_level, settings.log_format)
    return settings


def named_batch(batch: str) -> str:
    """A batch by its name, or by its folder."""
    return unicodedata.normalize("NFC", batch.rstrip("/").rpartition("/")[2])
