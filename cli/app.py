"""`sohoa`: dispatches the command and maps every outcome to an exit code.

Progress goes to stderr, results to stdout. Exit codes are those of docs/configuration.md.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer import main as typer_main
from typer.core import TyperGroup

from cli.commands import COMMANDS, Table
from cli.usage import localised, usage_error
from cli.wording import current_lang, words
from schemas.errors import SohoaError
from schemas.version import TOOL
from schemas.wording import text

EXIT_INTERRUPTED = 130
_PLAIN: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
}


class LazyGroup(TyperGroup):
    """A group that imports the module of a command only when it is called."""

    table: Table
    prefix: str

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, built from its function; None if there is none of that name."""
        target = self.table.get(cmd_name)
        if target is None:
            return None
        built = (
            _group(cmd_name, target)
            if not isinstance(target, str)
            else _single(self.prefix, cmd_name, target)
        )
        built.name = cmd_name
        return built

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of commands in `--help`."""
        rows = [
            (name, words(f"group.{name}" if not isinstance(target, str) else f"{self.prefix}.{name}"))
            for name, target in self.table.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def get_help(self, ctx: Any) -> str:
        """Help in the language asked for."""
        return localised(super().get_help(ctx), current_lang())


def _group(name: str, table: Table, prefix: str | None = None) -> Any:
    attributes = {"table": table, "prefix": prefix or name}
    kind = type(f"Group_{name}", (LazyGroup,), attributes)
    group = typer.Typer(cls=kind, help=words(f"group.{name}"), no_args_is_help=True, **_PLAIN)
    group.callback()(_version_only if prefix else _nothing)
    return typer_main.get_group(group)


def _single(prefix: str, name: str, target: str) -> Any:
    module, _, function = target.partition(":")
    single = typer.Typer(**_PLAIN)
    single.command(name, help=words(f"{prefix}.{name}"))(getattr(importlib.import_module(module), function))
    built = typer_main.get_command(single)
    plain = built.get_help
    built.get_help = lambda ctx: localised(plain(ctx), current_lang())  # type: ignore[method-assign]
    return built


def _nothing() -> None:
    """A group alone does nothing."""


def _version(asked: bool) -> None:
    if asked:
        typer.echo(TOOL)
        raise typer.Exit


def _version_only(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help=words("common.version"))
    ] = False,
) -> None:
    """Options of `sohoa` itself."""


def app_for() -> Any:
    """The command line, its help in the language of this process."""
    return _group("sohoa", COMMANDS, prefix="command")


def report_error(error: SohoaError) -> None:
    """Print an error and its remedy to stderr."""
    lang = current_lang()
    key = error.remedy or error.code
    params = {name: str(value) for name, value in error.params.items()}
    sys.stderr.write(text(f"error.{key}", lang, **{"detail": str(error), **params}) + "\n")


def unusable_path(error: OSError) -> SohoaError:
    """What the system refused, as an error with its remedy."""
    name = error.filename if isinstance(error.filename, (str, bytes)) else "–"
    shown = os.fsdecode(name).encode("utf-8", "backslashreplace").decode()
    return SohoaError(str(error), remedy="path_unusable", path=shown, reason=error.strerror or str(error))


def main() -> None:
    """Entry point of the `sohoa` command; every way out has its exit code."""
    try:
        code = app_for()(prog_name="sohoa", standalone_mode=False)
    except SohoaError as error:
        report_error(error)
        code = error.exit_code
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader closed our stdout (`sohoa … | head`); this is not an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        # A path that was named cannot be used, or the disk is full: the reason is the system's own.
        report_error(unusable_path(error))
        code = SohoaError.exit_code
    except typer.Exit as leave:
        code = leave.exit_code
    except typer.TyperException as error:
        code = usage_error(error, current_lang())
    sys.exit(code or 0)
