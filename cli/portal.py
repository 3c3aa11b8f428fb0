"""`sohoa portal`: the web page where people work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import command, named_path
from cli.wording import words
from configs.settings import Settings
from portal.serving import serve
from schemas.wording import text


@command
def portal(
    settings: Settings,
    host: Annotated[str | None, typer.Option("--host", help=words("command.portal_host"))] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help=words("command.portal_port"))
    ] = None,
    behind_proxy: Annotated[
        str | None, typer.Option("--behind-proxy", metavar="ADDRESS", help=words("command.portal_proxy"))
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--tls-cert", parser=named_path, metavar="FILE", help=words("command.portal_cert")),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--tls-key", parser=named_path, metavar="FILE", help=words("command.portal_key")),
    ] = None,
) -> int:
    """Serve the web page. Stop with Ctrl-C or SIGTERM."""
    given: dict[str, Any] = {
        "host": host,
        "port": port,
        "proxy": behind_proxy,
        "certificate": certificate,
        "key": key,
    }
    spec = settings.portal.model_copy(update={name: each for name, each in given.items() if each is not None})

    def say(key: str, **params: object) -> None:
        sys.stderr.write(text(f"portal.{key}", settings.lang, **params) + "\n")
        sys.stderr.flush()

    serve(settings.model_copy(update={"portal": spec}), say)
    return 0
