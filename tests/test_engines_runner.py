"""Programs are bounded: in time, memory and output, with everything they start."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from engines import runner
from engines.runner import ProgramFailed, ProgramTimedOut, run
from tests.faulty import program
from tests.processes import gone, marked

_MARK = "SOHOA_TEST_MARK"


def test_a_program_that_works_gives_its_output_and_its_exit_code() -> None:
    """Both streams, the code, and the time."""
    said = run(["sh", "-c", "cat; echo aside >&2"], input=b"hello", timeout=10)
    assert (said.returncode, said.stdout, said.stderr) == (0, b"hello", b"aside\n")
    assert 0 < said.seconds < 5


def test_a_large_input_to_a_program_that_does_not_read_it_does_no_harm(tmp_path: Path) -> None:
    """A full pipe or a closed one is no reason to wait."""
    assert run([program(tmp_path, "say_nothing")], input=b"x" * 5_000_000, timeout=10).returncode == 0
    assert len(run(["cat"], input=b"x" * 5_000_000, timeout=10).stdout) == 5_000_000


def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    """The time limit is kept, and nothing of the group is left."""
    started = time.monotonic()
    with pytest.raises(ProgramTimedOut) as caught:
        run([program(tmp_path, "hang_with_child")], timeout=0.3, env={_MARK: str(tmp_path)})
    assert time.monotonic() - started < 2
    assert caught.value.rule == "page_timed_out"
    assert gone(lambda: marked(_MARK, str(tmp_path)))


def test_a_child_left_behind_is_neither_waited_for_nor_left(tmp_path: Path) -> None:
    """Its hold on the pipes does not hold us."""
    started = time.monotonic()
    said = run([program(tmp_path, "leave_child")], timeout=20, env={_MARK: str(tmp_path)})
    assert said.stdout == b"done\n"
    assert time.monotonic() - started < 3
    assert gone(lambda: marked(_MARK, str(tmp_path)))


def test_a_program_that_talks_without_end_is_stopped(tmp_path: Path) -> None:
    """Output beyond the bound is a failure, not a full memory."""
    with pytest.raises(ProgramFailed, match="more than 100000 bytes"):
        run([program(tmp_path, "flood")], timeout=20, max_output=100_000)


def test_of_a_long_complaint_the_end_is_kept(tmp_path: Path) -> None:
    """Stderr is bounded without failing the program for it."""
    said = run([program(tmp_path, "flood_stderr")], timeout=20, check=False)
    assert said.returncode == 1
    assert 0 < len(said.stderr) <= 300_000


def test_a_program_that_wants_too_much_memory_fails(tmp_path: Path) -> None:
    """The limit is the program's, not the machine's."""
    with pytest.raises(ProgramFailed, match="MemoryError"):
        run([program(tmp_path, "hungry")], timeout=20, memory=500_000_000)


@pytest.mark.parametrize(("behaviour", "words"), [("crash", "exit -11"), ("fail", "no such thing")])
def test_a_program_that_fails_says_how(tmp_path: Path, behaviour: str, words: str) -> None:
    """The exit code and the end of stderr are in the message; the rule is the caller's."""
    with pytest.raises(ProgramFailed, match=words) as caught:
        run([program(tmp_path, behaviour)], timeout=10, rule="pdf_broken")
    assert caught.value.rule == "pdf_broken"


def test_an_absent_program_fails_in_the_same_way() -> None:
    """No bare OSError."""
    with pytest.raises(ProgramFailed, match="nowhere"):
        run(["/nowhere/at-all"], timeout=1)


def test_a_probe_tells_name_path_and_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is None for what is not there."""
    program(tmp_path, "say_nothing", "reader", version="5.3.1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert runner.probe("reader") == ("reader", str(tmp_path / "reader"), "5.3.1")
    assert runner.probe("no-such-reader") is None


def test_a_program_dies_when_whoever_runs_it_is_killed(tmp_path: Path) -> None:
    """SIGKILL gives no chance to clean up; the kernel does it."""
    work = f"run(['sh', '-c', 'sleep 300 & sleep 300'], timeout=300, env={{'{_MARK}': '{tmp_path}'}})"
    code = f"from engines.runner import run; {work}"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent.parent)
    try:
        assert gone(lambda: len(marked(_MARK, str(tmp_path))) < 3), "it did not start"
    finally:
        parent.kill()
        parent.wait()
    assert gone(lambda: marked(_MARK, str(tmp_path)))
