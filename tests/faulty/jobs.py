"""Jobs for worker processes, good and bad. Named to a pool as `tests.faulty.jobs:…`."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from engines.runner import run
from schemas.errors import SetupError, SourceError


def add(one: int, other: int) -> int:
    """A job that works."""
    return one + other


def who(seconds: float = 0.0) -> int:
    """The worker's process number, after some time."""
    time.sleep(seconds)
    return os.getpid()


def give(size: int) -> bytes:
    """A big answer."""
    return b"x" * size


def crash() -> None:
    """A null pointer, as a broken image library would follow."""
    ctypes.string_at(0)


def leave() -> None:
    """An exit from deep inside a library."""
    os._exit(7)


def hang() -> None:
    """A plain wait."""
    time.sleep(600)


def hang_in_c() -> None:
    """A loop in C that never lets another thread of the worker run."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def stop() -> None:
    """Stopped, as by a debugger."""
    os.kill(os.getpid(), signal.SIGSTOP)


def eat() -> int:
    """More memory than a worker may have."""
    return len(bytearray(8 << 30))


def fail() -> None:
    """A mistake of ours."""
    raise ZeroDivisionError("one by none")


def refuse() -> None:
    """A file that cannot be used."""
    raise SourceError("pdf_password", "locked", page=3, detail="x")


def lack() -> None:
    """A machine that lacks something."""
    raise SetupError("no engine", remedy="tesseract_missing")


def unpicklable() -> object:
    """An answer that cannot cross."""
    return lambda: None


class Odd(Exception):
    """An error that does not unpickle on the other side."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def odd() -> object:
    """An answer that pickles and does not unpickle."""
    return Odd("a", "b")


def print_much() -> int:
    """A library that chatters on both streams."""
    for _ in range(2000):
        os.write(1, b"chatter " * 100)
        os.write(2, b"warning \xff\n")
    return 1


def drive_engine_ours(note: str) -> None:
    """Our runner starts an engine that hangs."""
    run(["sh", "-c", f"echo $$ >> {note}; sleep 300"], timeout=300)


def drive_engine_theirs(note: str) -> None:
    """A library starts an engine that hangs."""
    subprocess.run(["sh", "-c", f"echo $$ >> {note}; sleep 300"], check=False)


def note_then_hang(note: str) -> None:
    """Say that the work has begun, then never end it."""
    Path(note).write_text(str(os.getpid()))
    hang_in_c()
