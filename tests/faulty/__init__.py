"""Programs and jobs that crash, hang, eat memory or talk nonsense on purpose, so that every failure path has a test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

_SCRIPTS: Final = {
    "crash": "echo about to crash >&2\nkill -SEGV $$",
    "fail": "echo 'no such thing' >&2\nexit 3",
    "hang": "sleep 300",
    "hang_with_child": "sleep 300 &\nsleep 300",
    "leave_child": "sleep 300 &\necho done",
    "flood": "yes 'more and more'",
    "flood_stderr": "yes 'more and more' | head -c 3000000 >&2\nexit 1",
    "bad_utf8": r"printf 'level\tpage_num\n\377\376\n'",
    "say_nothing": "exit 0",
    "hungry": f"exec {sys.executable} -c 'import sys; data = bytearray(4 << 30); print(len(data))'",
}


def program(folder: Path, behaviour: str, name: str | None = None, *, version: str = "9.9.9") -> Path:
    """Write a program into a folder. It tells its version like others do; asked for work it misbehaves as named."""
    path = folder / (name or behaviour)
    ask = f'case "$1" in --version|-v) echo "{path.name} {version}"; exit 0;; esac'
    path.write_text(f"#!/bin/sh\n{ask}\n{_SCRIPTS[behaviour]}\n")
    path.chmod(0o755)
    return path
