"""`sohoa doctor`: what this machine has, lacks, and the remedy."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any, NamedTuple

from cli.options import AsJson, command
from cli.shapes import print_json
from cli.tables import print_table
from configs.settings import Settings
from engines import ocr, poppler, tesseract, verapdf
from schemas.errors import SetupError, SohoaError
from schemas.stores import StoreTraits
from schemas.wording import text
from storage.catalogue.database import version_of
from storage.objects import open_store


class Line(NamedTuple):
    """One thing looked for. `remedy` is a key of the message table."""

    name: str
    found: bool
    version: str
    needed: bool
    remedy: str | None = None
    params: dict[str, object] = {}  # noqa: RUF012 - a NamedTuple default, never changed


@command
def doctor(settings: Settings, as_json: AsJson = False) -> int:
    """What this machine has and lacks, with the remedy."""
    lines = examine(settings)
    lacking = [line for line in lines if line.needed and not line.found]
    if as_json:
        print_json([_shape(line, settings.lang) for line in lines])
    else:
        _print(lines, settings.lang)
    return SetupError.exit_code if lacking else 0


def examine(settings: Settings) -> list[Line]:
    """Look at programs, language data, fonts, folders, store and catalogue."""
    engine = tesseract.probe()
    lines = [
        Line("Python", True, sys.version.split()[0], True),
        Line("Tesseract", engine is not None, engine.version if engine else "", True, "tesseract_missing"),
        *_languages(),
        _line_net(),
    ]
    rendered = poppler.probe()
    lines.append(
        Line("Poppler", rendered is not None, rendered.version if rendered else "", True, "poppler_missing")
    )
    checker = verapdf.probe()
    required = settings.verapdf == "required"
    version = getattr(checker, "version", "") or ""
    remedy = "verapdf_required" if required else "verapdf_missing"
    lines.append(Line("veraPDF", checker is not None, version, required, remedy))
    lines += _home(settings)
    return lines


def _line_net() -> Line:
    """Whether the line net can read here; Tesseract does where it cannot."""
    try:
        found = ocr.replacement("line_net") is None
        version = ocr.loaded("line_net")[1].identity("vie").removeprefix("line_net ") if found else ""
    except SetupError as error:
        return Line("line net", False, "", False, error.remedy or error.code, dict(error.params))
    return Line("line net", found, version, False, "line_net_missing")


def _languages() -> list[Line]:

    lines = []
    for language, needed in (("vie", True), ("osd", False)):
        try:
            found = (tesseract.data_folder() / f"{language}.traineddata").is_file()
        except SetupError:
            found = False
        lines.append(
            Line(f"Tesseract {language}", found, "", needed, "tesseract_data_missing", {"lang": language})
        )
    return lines


def _home(settings: Settings) -> list[Line]:
    """Check home, catalogue and store without creating anything."""
    there = settings.home
    while not there.exists() and there != there.parent:
        there = there.parent
    name = f"SOHOA_HOME {settings.home}"
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return [Line(name, False, "", True, "home_unwritable", {"path": settings.home})]
    free = f"{shutil.disk_usage(there).free / 1e9:.0f} GB"
    new = text("doctor.not_yet", settings.lang)
    lines = [Line(name, True, free if there == settings.home else f"{free}, {new}", True)]
    try:
        version = version_of(settings.catalogue_url)
        lines.append(Line("catalogue", True, version or new, True))
    except SohoaError as error:
        lines.append(_lacking("catalogue", error))
    return [*lines, *_store(settings, new)]


def _store(settings: Settings, new: str) -> list[Line]:
    name = f"store ({settings.store.kind})"
    try:
        store = open_store(settings.store, settings.home, create=False)
    except SohoaError as error:
        if error.remedy == "store_absent" and settings.store.kind == "local":
            return [Line(name, True, new, True)]
        return [_lacking(name, error)]
    line = Line(name, True, settings.store_place, True)
    if settings.store.kind == "local":
        return [line]
    try:
        return [line, *_keeping(settings, store.traits())]
    except SohoaError as error:
        return [line, _lacking("store keeping", error)]


def _keeping(settings: Settings, has: StoreTraits) -> list[Line]:
    """What the bucket keeps by itself, beside what is configured; one that lacks it was not opened."""
    lang, spec = settings.lang, settings.store

    def yes_no(known: bool | None) -> str:
        return text(f"doctor.has_{'unasked' if known is None else 'yes' if known else 'no'}", lang)

    told = {
        "versions": yes_no(has.versions),
        "lock": yes_no(has.lock),
        "wanted_versions": spec.versions,
        "wanted_lock": spec.lock if spec.lock == "none" else f"{spec.lock} {spec.retain_years}",
        "default": has.default_retention or text("doctor.has_no", lang),
    }
    lines = [Line("store keeping", True, text("doctor.keeping", lang, **told), False)]
    if has.default_retention:
        params: dict[str, object] = {"path": spec.bucket, "reason": has.default_retention}
        remedy = "store_default_retention"
        lines.append(Line("bucket default retention", False, has.default_retention, False, remedy, params))
    return lines


def _lacking(name: str, error: SohoaError) -> Line:
    return Line(name, False, str(error), True, error.remedy or error.code, dict(error.params))


def _remedy(line: Line, lang: str) -> str:
    if line.found or not line.remedy:
        return ""
    params = {key: str(value) for key, value in line.params.items()}
    return text(f"error.{line.remedy}", lang, detail=line.version, **params)


def _shape(line: Line, lang: str) -> dict[str, Any]:
    return {
        "name": line.name,
        "found": line.found,
        "version": line.version,
        "needed": line.needed,
        "remedy": _remedy(line, lang) or None,
    }


def _print(lines: list[Line], lang: str) -> None:

    def state(line: Line) -> str:
        if line.found:
            return text("doctor.ok", lang)
        return text("doctor.missing" if line.needed else "doctor.optional", lang)

    print_table(
        [text(f"head.{key}", lang) for key in ("name", "found", "version", "remedy")],
        [[line.name, state(line), line.version if line.found else "", _remedy(line, lang)] for line in lines],
        title=text("doctor.title", lang),
    )
    if all(line.found or not line.needed for line in lines):
        sys.stdout.write(text("doctor.all_good", lang) + "\n")
