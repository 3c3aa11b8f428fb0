"""`sohoa worker`: this machine joins the pool and works on chunks of batches, whoever runs them."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import command
from cli.wording import words
from configs.settings import Settings
from flows.machines import POOL
from flows.machines.requirements import require_pool
from flows.orchestra import prepare_environment
from schemas.wording import text
from workspace.locks import home_id
from workspace.opening import open_workspace

_ROOT = Path(__file__).resolve().parent.parent
_POLL_SECONDS = "2"


@command
def worker(
    settings: Settings,
    limit: Annotated[int, typer.Option("--limit", min=1, max=64, help=words("command.worker_limit"))] = 1,
) -> int:
    """Join the pool: work on chunks of batches that any machine runs with orchestrator = "pool". Stop with Ctrl-C."""
    require_pool(settings)
    with open_workspace(settings) as workspace:
        workspace.require_checker()
        workspace.require_current()
        workspace.rules.digests(settings, None)  # the machine can read
        run = workspace.run.id
    prepare_environment(settings.home, run)
    del os.environ["SOHOA_RUN_ID"]  # the worker outlives this run, and must not be swept with it
    name = f"sohoa-{socket.gethostname()}-{home_id(settings.home)[:8]}"
    os.environ.setdefault("PREFECT_WORKER_QUERY_SECONDS", _POLL_SECONDS)
    path = os.pathsep.join(part for part in (os.environ.get("PYTHONPATH"), str(_ROOT)) if part)
    os.environ.update(SOHOA_HOME=str(settings.home), PYTHONPATH=path)
    if settings.operator:
        os.environ["SOHOA_OPERATOR"] = settings.operator
    server = os.environ["PREFECT_API_URL"]
    sys.stderr.write(text("worker.joins", settings.lang, name=name, server=server, limit=limit) + "\n")
    sys.stderr.flush()
    start = [*(sys.executable, "-P", "-m", "prefect", "worker", "start"), "--pool", POOL, "--type", "process"]
    # In place of this process: whoever watches over it watches over the worker itself.
    os.execv(sys.executable, [*start, "--limit", str(limit), "--name", name, "--install-policy", "never"])
