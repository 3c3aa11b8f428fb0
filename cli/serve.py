"""`sohoa serve`: the Prefect server and the worker that run scheduled batches."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.options import command
from cli.wording import words
from configs.settings import Settings
from flows.nights.serving import Serve
from schemas.wording import text


@command
def serve(
    settings: Settings,
    host: Annotated[str, typer.Option("--host", help=words("command.serve_host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help=words("command.serve_port"))] = 4200,
) -> int:
    """Serve: the Prefect server and the worker of scheduled batches. Stop with Ctrl-C or SIGTERM."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)

    def say(key: str, **params: object) -> None:
        sys.stderr.write(text(f"serve.{key}", settings.lang, **params) + "\n")
        sys.stderr.flush()

    say("starting")
    Serve(settings, host, port, say).run()
    say("stopped")
    return 0
