"""`sohoa`: the commands, their common options, and how an error becomes an exit code.

Common options (`--home`, `--lang`, `--operator`, `--json`) are taken by every command. Progress goes to stderr, results
to stdout. Exit codes are those of docs/configuration.md.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from configs.messages import text
from schemas.errors import SohoaError

app = typer.Typer(
    name="sohoa",
    help="Số hóa kết quả thủ tục hành chính: từ bản quét đến PDF/A có mã, có kiểm chứng, có số liệu.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
batch_app = typer.Typer(help="Xem các lô, tệp lỗi, và đưa tệp vào chạy lại.", no_args_is_help=True)
inventory_app = typer.Typer(help="Số liệu kiểm kê kết quả còn hiệu lực.", no_args_is_help=True)
lists_app = typer.Typer(help="Danh mục thủ tục và loại kết quả: nhập, so sánh.", no_args_is_help=True)
units_app = typer.Typer(help="Đơn vị hành chính theo thời gian.", no_args_is_help=True)
review_app = typer.Typer(
    help="Những gì cần người xem: liệt kê, quyết định, đưa ra và nhận lại bảng tính.", no_args_is_help=True
)
alerts_app = typer.Typer(help="Cảnh báo cho phòng công nghệ thông tin.", no_args_is_help=True)
app.add_typer(alerts_app, name="alerts")
app.add_typer(batch_app, name="batch")
app.add_typer(inventory_app, name="inventory")
app.add_typer(review_app, name="review")
app.add_typer(lists_app, name="lists")
app.add_typer(units_app, name="units")

Home = Annotated[Path | None, typer.Option("--home", help="Nơi giữ mọi dữ liệu (mặc định $SOHOA_HOME).")]
Lang = Annotated[str | None, typer.Option("--lang", help="vi | en")]
Operator = Annotated[
    str | None, typer.Option("--operator", help="Người chịu trách nhiệm (mặc định: tài khoản máy).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Kết quả dạng JSON cho máy đọc.")]

EXIT_WRONG = 2
EXIT_SET_ASIDE = 3
EXIT_INTERRUPTED = 130


def _version(asked: bool) -> None:
    if asked:
        from workspace.opening import TOOL  # noqa: PLC0415

        typer.echo(TOOL)
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Phiên bản.")
    ] = False,
) -> None:
    """Số hóa kết quả thủ tục hành chính: từ bản quét đến PDF/A có mã, có kiểm chứng, có số liệu."""


def settings_of(home: Path | None, lang: str | None, operator: str | None, **more: Any) -> Any:
    """Settings with what was typed on the command line on top."""
    from configs.settings import Settings  # noqa: PLC0415 - pydantic-settings only when a command runs

    if lang not in {None, "vi", "en"}:
        raise typer.BadParameter("vi | en", param_hint="--lang")
    given = {"home": home, "lang": lang, "operator": operator, **more}
    settings = Settings(**{key: value for key, value in given.items() if value is not None})
    os.environ["SOHOA_LANG"] = settings.lang
    _log_to_stderr(settings.log_level)
    return settings


def _log_to_stderr(level: str) -> None:
    """Logs are for who runs the machine: stderr, from the configured level; stdout is for results."""
    import logging  # noqa: PLC0415

    import structlog  # noqa: PLC0415

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def current_lang() -> str:
    """Language for messages that come before, or in spite of, settings."""
    if "--lang" in sys.argv:
        at = sys.argv.index("--lang") + 1
        if at < len(sys.argv) and sys.argv[at] in {"vi", "en"}:
            return sys.argv[at]
    return "en" if os.environ.get("SOHOA_LANG") == "en" else "vi"


def report_error(error: SohoaError) -> None:
    """Say what went wrong and what to do next, to stderr."""
    lang = current_lang()
    key = error.remedy or error.code
    params = {name: str(value) for name, value in error.params.items()}
    sys.stderr.write(text(f"error.{key}", lang, detail=str(error), **params) + "\n")


def main() -> None:
    """Entry point of the `sohoa` shim; every way out has its exit code."""
    from cli import commands  # noqa: F401, PLC0415 - registers the commands on `app`

    try:
        code = app(prog_name="sohoa", standalone_mode=False)
    except SohoaError as error:
        report_error(error)
        code = error.exit_code
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our stdout left (`sohoa … | head`): nothing more to say, and nothing went wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except typer.Exit as leave:
        code = leave.exit_code
    except Exception as error:
        code = _click_exit(error)
    sys.exit(code or 0)


def _click_exit(error: Exception) -> int:
    """Usage errors of the parser print themselves and exit 2; anything else is a bug and keeps its traceback."""
    show = getattr(error, "show", None)
    if show is None:
        raise error
    show()
    return int(getattr(error, "exit_code", 2))
