"""`python -m portal.one_run BATCH`: one scheduled batch, in a process of its own that outlives the web page."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from configs.settings import Settings
from engines.private_files import private
from flows.nights.running import run_scheduled
from schemas.errors import SohoaError

_ROOT: Final = Path(__file__).resolve().parents[1]
_FOLDER: Final = "run-logs"


def log_of(home: Path, key: str) -> Path:
    """The log of a batch's runs that the page started."""
    return home / _FOLDER / f"{key}.log"


def start(settings: Settings, batch: str, *, log: Path, by: str, temporary: Path) -> None:
    """Start a run and let it go; batches take their turns, whoever started them.

    Args:
        settings: of this machine.
        batch: its name; its schedule says where it lies.
        log: where the run writes to.
        by: who asked for it.
        temporary: folder for temporary files: that of this process ends with it.
    """
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    ours = {
        "SOHOA_HOME": str(settings.home),
        "SOHOA_OPERATOR": by,
        "SOHOA_LANG": settings.lang,
        "TMPDIR": str(temporary),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH")))),
    }
    with open(log, "ab", opener=private) as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "portal.one_run", batch],
            env={**os.environ, **ours},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=_ROOT,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True).start()


def main() -> int:
    """Run the batch that the arguments name; its schedule tells what became of it."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        run_scheduled(Settings.load(), sys.argv[1])
    except SohoaError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
