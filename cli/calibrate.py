"""`sohoa calibrate`: the machine's confidence against checked values, and the thresholds that follow from them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from cli.catalogue import database_of
from cli.options import AsJson, command, named_path
from cli.shapes import print_json
from cli.tables import print_table
from cli.wording import words
from configs.loader import (
    load_calibration,
    load_image_rules,
    load_own_thresholds,
    load_reading_profile,
    load_rulebook,
)
from configs.settings import Settings
from engines.private_files import whole_file
from pipeline.checked_samples import checked_samples
from quality.calibration import calibrate as calibration_of
from quality.calibration import needed_for
from quality.reliability import as_json as bins_json
from quality.reliability import field_word, row_words, write_curve
from schemas.calibration import ENOUGH, TARGET, CalibrationRow, Checked, Grade
from schemas.clock import today
from schemas.errors import SetupError, UsageError
from schemas.numerals import share_text
from schemas.wording import say
from workspace.calibrating import Applied, apply
from workspace.checked_values import HomeChecked, checked_in
from workspace.opening import open_workspace, reads_here

_HEADS = ("field", "grade", "n", "right", "ece", "auroc", "threshold", "accepted", "wrong", "bound")


class _Found(NamedTuple):
    """Checked values with their calibration; `papers` and `engine` of samples only."""

    values: Sequence[Checked]
    rows: tuple[CalibrationRow, ...]
    title: str
    heading: str


@command
def calibrate(
    settings: Settings,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", parser=named_path, help=words("command.calibrate_out")),
    ] = None,
    samples: Annotated[
        Path | None,
        typer.Option(
            "--samples", metavar="FOLDER", parser=named_path, help=words("command.calibrate_samples")
        ),
    ] = None,
    applied: Annotated[bool, typer.Option("--apply", help=words("command.calibrate_apply"))] = False,
    force: Annotated[bool, typer.Option("--force", help=words("command.calibrate_force"))] = False,
    as_json: AsJson = False,
) -> int:
    """Calibration per field and grade of picture, with the reliability curve and derived thresholds."""
    if samples is not None and applied:
        raise UsageError("samples are not applied", remedy="calibrate_samples_apply")
    home = HomeChecked(()) if samples is not None else _of_home(settings)
    found = _of_samples(settings, samples) if samples is not None else _found(home, settings.lang)
    done: Applied | None = None
    if applied:
        with open_workspace(settings) as workspace:
            done = apply(workspace, found.rows, force=force)
    shape = _shape(settings, found, home, done, of_samples=samples is not None)
    written = _write(found, shape, out or settings.reports / "calibration", settings.lang)
    if as_json:
        print_json({**shape, "files": [str(path) for path in written]})
        return 0
    _print(settings, found, home, done, written, of_samples=samples is not None)
    return 0


def _of_home(settings: Settings) -> HomeChecked:
    book = load_rulebook(
        lists_dir=settings.lists, own_thresholds=settings.calibration, engine=reads_here(settings)
    )
    with database_of(settings) as database:
        return checked_in(database, book, load_image_rules(), as_of=today())


def _found(home: HomeChecked, lang: str) -> _Found:
    title, heading = (say("calibration", key, lang) for key in ("curve_own", "own"))
    return _Found(home.values, calibration_of(home.values), title, heading)


def _of_samples(settings: Settings, folder: Path) -> _Found:
    of = checked_samples(
        folder,
        load_rulebook(lists_dir=settings.lists),
        load_image_rules(),
        engine=settings.engine,
        workers=settings.workers,
        as_of=today(),
    )
    told = {"engine": of.engine, "papers": of.papers}
    title, heading = (say("calibration", key, settings.lang, **told) for key in ("curve_samples", "samples"))
    return _Found(of.values, calibration_of(of.values, engine=of.engine, papers=of.papers), title, heading)


def _shape(
    settings: Settings, found: _Found, home: HomeChecked, done: Applied | None, *, of_samples: bool
) -> dict[str, Any]:
    return {
        "source": "samples" if of_samples else "home",
        "checked": len(found.values),
        "needed": ENOUGH,
        "local": not of_samples and len(found.values) >= ENOUGH,
        "target": TARGET,
        "rows": [row.model_dump(mode="json") for row in found.rows],
        "bins": bins_json(found.values),
        "register": {"stated": home.stated, "confirmed": home.confirmed},
        "thresholds": load_own_thresholds(settings.calibration, engine=reads_here(settings)).model_dump(),
        "shipped": [row.model_dump(mode="json") for row in load_calibration()],
        "applied": done and {"thresholds": done.thresholds, "left": list(done.left)},
    }


def _write(found: _Found, shape: dict[str, Any], folder: Path, lang: str) -> list[Path]:
    """Write the picture, if there is anything to draw, and the figures beside it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        figures = folder / "calibration.json"
        with whole_file(figures) as stream:
            stream.write((json.dumps(shape, ensure_ascii=False, indent=1) + "\n").encode())
        picture = folder / "calibration.svg"
        if not found.values:
            picture.unlink(missing_ok=True)
            return [figures]
        return [write_curve(found.values, picture, lang, found.title), figures]
    except OSError as error:
        raise SetupError(str(error.strerror), remedy="output_unwritable", path=folder) from error


def _print(
    settings: Settings,
    found: _Found,
    home: HomeChecked,
    done: Applied | None,
    written: Sequence[Path],
    *,
    of_samples: bool,
) -> None:
    lang, n = settings.lang, len(found.values)

    def tell(key: str, **params: object) -> None:
        sys.stdout.write(say("calibration", key, lang, **params) + "\n")

    if found.rows:
        _table(found.rows, found.heading, lang)
    if not of_samples:
        own = "_applied" if settings.calibration.is_file() else ""
        tell(f"{'local' if n >= ENOUGH else 'not_local'}{own}", n=n, needed=ENOUGH, path=settings.calibration)
        if home.stated:
            tell("register", stated=home.stated, confirmed=home.confirmed)
    shipped = _shipped(engine_of(settings))
    if not of_samples and n < ENOUGH and shipped:
        told = {"engine": shipped[0].engine, "papers": shipped[0].papers or "–"}
        _table(shipped, say("calibration", "shipped", lang, **told), lang)
        if shipped[0].engine != engine_of(settings):
            tell("other_engine", engine=engine_of(settings))
    for row in found.rows or shipped:
        if row.grade is Grade.ALL and row.bound is not None and row.bound > TARGET:
            bound = share_text(row.bound, lang)
            tell("too_few", field=field_word(row.field, lang), target=TARGET, bound=bound)
    tell("note", target=TARGET, proof=needed_for())
    if done is not None:
        tell("applied", count=len(done.thresholds), path=done.path)
        if done.left:
            tell("left", fields=", ".join(field_word(field, lang) for field in done.left), needed=ENOUGH)
    if not found.values:
        tell("no_curve")
    for path in written:
        tell("written", path=path)


def engine_of(settings: Settings) -> str:
    """Name of the engine whose confidences are judged in this home."""
    return settings.engine or load_reading_profile().engine


def _shipped(engine: str) -> list[CalibrationRow]:
    """The shipped calibration of an engine; of another one where it has none."""
    rows = load_calibration()
    other = rows[0].engine if rows else ""
    return [row for row in rows if row.engine == engine] or [row for row in rows if row.engine == other]


def _table(rows: Sequence[CalibrationRow], title: str, lang: str) -> None:
    lines = []
    for row in rows:
        figures = row_words(row, lang)
        grade = say("calibration", f"grade_{row.grade}", lang)
        lines.append([field_word(row.field, lang), grade, *(figures[head] for head in _HEADS[2:])])
    heads = [say("calibration", f"head_{head}", lang) for head in _HEADS]
    print_table(heads, lines, numbers=range(2, len(heads)), title=title)
