"""Serving the web page: where it may listen, what it logs, how it ends."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable

import structlog
import uvicorn

from configs.settings import Settings
from flows.nights.serving import require_port
from portal.app import build
from portal.house import House
from portal.provider import check_provider, loopback
from schemas.errors import SetupError
from schemas.people import PortalSpec
from workspace.opening import open_workspace

_GRACE = 3  # seconds in which requests at work may end


def check_place(spec: PortalSpec) -> None:
    """Refuse to carry passwords over a network in clear.

    Raises:
        SetupError: it would listen beyond this machine without TLS; or a file of TLS is missing.
    """
    if (spec.certificate is None) != (spec.key is None):
        raise SetupError("certificate and key go together", remedy="portal_tls")
    for path in (spec.certificate, spec.key):
        if path is not None and not path.is_file():
            raise SetupError(f"no file {path}", remedy="file_not_found", path=path)
    check_provider(spec.oidc)
    if not spec.secure and not loopback(spec.host):
        raise SetupError(f"{spec.host} without TLS", remedy="portal_open", host=spec.host)


def serve(settings: Settings, say: Callable[..., None]) -> None:
    """Serve until stopped by a signal.

    Raises:
        SetupError: it may not listen there.
        CatalogueError: the catalogue cannot be opened, or is older than its store.
    """
    spec = settings.portal
    check_place(spec)
    require_port(spec.host, spec.port)
    _log_lines()
    with open_workspace(settings) as workspace:
        workspace.require_current()
        config = uvicorn.Config(
            build(House(workspace)),
            host=spec.host,
            port=spec.port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=spec.proxy is not None,
            forwarded_allow_ips=spec.proxy,
            ssl_certfile=spec.certificate,
            ssl_keyfile=spec.key,
            timeout_graceful_shutdown=_GRACE,
            timeout_keep_alive=15,
            limit_concurrency=200,
            ws="none",
        )
        scheme = "https" if spec.certificate else "http"
        say("serving", url=f"{scheme}://{spec.host}:{spec.port}")
        for asked in (signal.SIGTERM, signal.SIGINT):
            # uvicorn raises a signal again once it has ended; by then it has done its work.
            signal.signal(asked, lambda *_: None)
        uvicorn.Server(config).run()


def _log_lines() -> None:
    """One JSON object a line on stderr: a request, a refusal, a failure."""
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
