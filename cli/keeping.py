"""`sohoa verify`, `rebuild`, `backup`, `restore`: check the store and recover the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import EXIT_SET_ASIDE, AsJson, command, named_path
from cli.shapes import print_json
from cli.wording import words
from configs.settings import Settings
from schemas.wording import text
from storage.catalogue.fixity import SUPERSEDED
from workspace import backup as backups
from workspace import verifying
from workspace.backup import Backup
from workspace.closing import update_board_and_alerts
from workspace.opening import open_workspace
from workspace.rebuilding import rebuild_catalogue
from workspace.verifying import Damage


@command
def verify(
    settings: Settings,
    sample: Annotated[
        int | None,
        typer.Option("--sample", metavar="N", min=1, help=words("command.verify_sample")),
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="MB/s", min=0.01, help=words("command.verify_rate"))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Check fixity: read and hash every object again, compare the event chains. Goes on where it was interrupted."""
    with open_workspace(settings) as workspace, _progress(settings.lang) as on_object:
        result = verifying.verify(workspace, sample=sample, rate=rate, on_object=on_object)
        update_board_and_alerts(workspace)
    shape = {
        "objects": result.objects,
        "bytes": result.bytes,
        "outcome": result.outcome,
        "resumed": result.resumed,
        "damage": [_damage(damage, settings.lang) for damage in result.damage],
        "uploads": list(result.uploads),
        "retained": result.retained,
        "held": result.held,
    }
    if as_json:
        print_json(shape)
    else:
        _print_verified(shape, settings.lang)
    return EXIT_SET_ASIDE if any(damage.state != SUPERSEDED for damage in result.damage) else 0


def _damage(damage: Damage, lang: str) -> dict[str, Any]:
    if damage.state == SUPERSEDED:
        remedy = "verify.remedy_superseded"
    else:
        healed = "verify.from_version" if damage.version else "verify.was_healed"
        remedy = healed if damage.healed else f"verify.remedy_{damage.kind}"
    state = (
        f"{damage.kind}_altered" if damage.state == "altered" and damage.kind == "sidecar" else damage.state
    )
    return {
        "key": damage.key,
        "kind": damage.kind,
        "state": damage.state,
        "healed": damage.healed,
        "documents": list(damage.documents),
        "message": text(f"verify.{state}", lang),
        "version": damage.version,
        "remedy": text(remedy, lang, **({"version": damage.version} if damage.version else {})),
    }


def _print_verified(shape: dict[str, Any], lang: str) -> None:
    for damage in shape["damage"]:
        papers = ", ".join(damage["documents"][:5]) or "–"
        line = text("verify.line", lang, key=damage["key"], message=damage["message"], papers=papers)
        sys.stdout.write(f"{line}\n    {damage['remedy']}\n")
    if shape["uploads"]:
        keys = ", ".join(shape["uploads"][:5])
        sys.stdout.write(text("verify.uploads", lang, count=len(shape["uploads"]), keys=keys) + "\n")
    for name in ("retained", "held"):
        if shape[name]:
            sys.stdout.write(text(f"verify.{name}", lang, count=shape[name]) + "\n")
    if any(damage["state"] != SUPERSEDED for damage in shape["damage"]):
        key = "damaged"
    else:
        key = "whole_now" if shape["damage"] else "whole"
    count = sum(not damage["healed"] for damage in shape["damage"])
    healed = len(shape["damage"]) - count
    sys.stdout.write(text(f"verify.{key}", lang, objects=shape["objects"], count=count, healed=healed) + "\n")


@contextmanager
def _progress(lang: str) -> Iterator[Callable[[int, int], None]]:
    """Progress of objects on stderr, on a terminal only."""
    shows = sys.stderr.isatty()

    def show(done: int, total: int) -> None:
        if shows and (done % 20 == 0 or done == total):
            sys.stderr.write("\r" + text("verify.progress", lang, done=done, total=total))
            sys.stderr.flush()

    try:
        yield show
    finally:
        if shows:
            sys.stderr.write("\n")


@command
def rebuild(settings: Settings, as_json: AsJson = False) -> int:
    """Make the catalogue anew from the store alone. The old one is moved aside, never deleted."""
    rebuilt, aside = rebuild_catalogue(settings)
    if as_json:
        shape = {
            "counts": rebuilt.counts,
            "aside": str(aside) if aside else None,
            "problems": [problem._asdict() for problem in rebuilt.problems],
        }
        print_json(shape)
        return EXIT_SET_ASIDE if rebuilt.problems else 0
    for problem in rebuilt.problems:
        message = text(f"verify.{problem.damage}", settings.lang)
        papers = problem.document_id or "–"
        sys.stdout.write(
            text("verify.line", settings.lang, key=problem.key, message=message, papers=papers) + "\n"
        )
    counts = {name: rebuilt.counts.get(name, 0) for name in ("batch", "document", "code", "event")}
    sys.stdout.write(text("rebuild.done", settings.lang, **counts) + "\n")
    if aside is not None:
        sys.stdout.write(text("rebuild.aside", settings.lang, path=aside) + "\n")
    return EXIT_SET_ASIDE if rebuilt.problems else 0


@command
def backup(
    settings: Settings,
    out: Annotated[Path, typer.Argument(parser=named_path, metavar="OUT", help=words("command.backup_out"))],
    as_json: AsJson = False,
) -> int:
    """Back up catalogue, settings and schedules into one file; the store is backed up apart."""
    _print_backup(backups.backup(settings, out), "backup.done", settings.lang, as_json=as_json)
    return 0


@command
def restore(
    settings: Settings,
    file: Annotated[
        Path, typer.Argument(parser=named_path, metavar="IN", help=words("command.restore_file"))
    ],
    as_json: AsJson = False,
) -> int:
    """Restore a backup into an empty home, every part checked first."""
    _print_backup(backups.restore(settings, file), "backup.restored", settings.lang, as_json=as_json)
    return 0


def _print_backup(done: Backup, key: str, lang: str, *, as_json: bool) -> None:
    if as_json:
        print_json({**done._asdict(), "path": str(done.path)})
    else:
        sys.stdout.write(text(key, lang, path=done.path, at=done.made_at, parts=len(done.parts)) + "\n")
        if done.left:
            size = f"{sum(done.left.values()) / 1e6:.1f}"
            sys.stdout.write(text("backup.left", lang, files=len(done.left), size=size) + "\n")
