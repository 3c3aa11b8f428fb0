"""veraPDF as a judge: three-valued, patient with odd names, never taken down by a bad file."""

# ruff: noqa: F811 - the fixture `judge` is imported and named again as an argument
from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from engines import verapdf
from engines.verapdf import VeraPdf, VeraPdfProgram
from schemas.documents import Verdict
from schemas.reading import Format
from tests.pdfa_originals import CASES
from tests.test_pdfa_originals import convert, judge  # noqa: F401 - a fixture

pytestmark = pytest.mark.verapdf


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vera")
    convert(CASES["jpeg rgb"][1](folder / "a.jpg"), Format.JPEG, folder / "good.pdf")
    return folder / "good.pdf"


def test_it_is_found_and_tells_its_version(judge: VeraPdf) -> None:
    program = verapdf.probe()
    assert program is not None and program.version.startswith("1.")


def test_good_is_valid_and_a_wrong_claim_is_invalid(judge: VeraPdf, good: Path) -> None:
    assert judge.check([good], "2b")[str(good)].verdict is Verdict.VALID
    report = judge.check([good], "2u")[str(good)]
    assert (report.verdict, report.rules) == (Verdict.INVALID, ("6.6.4-3",))
    assert judge.check([good], "1b")[str(good)].verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "name", ["Giấy khai sinh.pdf", "no-suffix", "UPPER.PDF", "two\nlines.pdf", "a b'\"$x.pdf"]
)
def test_no_name_hides_a_file(judge: VeraPdf, good: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(good.read_bytes())
    assert judge.check([tmp_path / name], "2b")[str(tmp_path / name)].verdict is Verdict.VALID


def test_every_path_asked_for_is_answered(judge: VeraPdf, good: Path, tmp_path: Path) -> None:
    junk, cut, empty = tmp_path / "junk.pdf", tmp_path / "cut.pdf", tmp_path / "empty.pdf"
    junk.write_bytes(b"no PDF at all")
    cut.write_bytes(good.read_bytes()[:5000])
    empty.touch()
    asked = [junk, good, tmp_path / "absent.pdf", tmp_path, cut, empty, good]
    reports = judge.check(asked, "2b")
    assert set(reports) == {str(path) for path in asked}
    assert reports[str(good)].verdict is Verdict.VALID
    for path in {junk, tmp_path / "absent.pdf", tmp_path, cut, empty}:
        assert reports[str(path)].verdict is Verdict.NOT_CHECKED
        assert reports[str(path)].reason


def test_a_machine_without_it_checks_nothing_and_says_so(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verapdf, "find", lambda: None)
    with VeraPdf() as server:
        report = server.check([good], "2b")[str(good)]
    assert report.verdict is Verdict.NOT_CHECKED and "not installed" in report.reason


def test_an_unknown_flavour_is_refused(judge: VeraPdf, good: Path) -> None:
    with pytest.raises(ValueError, match="flavour"):
        judge.check([good], "2b --help")


def test_several_threads_may_ask_at_once(good: Path) -> None:
    verdicts: list[Verdict] = []
    with VeraPdf(processes=2) as server:

        def ask() -> None:
            verdicts.extend(report.verdict for report in server.check([good] * 2, "2b").values())

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert verdicts == [Verdict.VALID] * 4


def fake(folder: Path, body: str) -> VeraPdfProgram:
    """A program that behaves like a server gone wrong. It gets the reports' folder as its working directory."""
    path = folder / "fake"
    path.write_text(
        f"#!{sys.executable}\nimport json, os, sys, time\nprint('empty.json', flush=True)\n{textwrap.dedent(body)}"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return VeraPdfProgram((str(path),))


_ANSWER = """
for line in sys.stdin:
    name = line.strip()
    report = {REPORT}
    open('r.json', 'w').write(report if isinstance(report, str) else json.dumps(report))
    print(os.path.abspath('r.json'), flush=True)
"""


@pytest.mark.parametrize(
    "report",
    [
        "''",
        "'{'",
        "{'report': {'jobs': []}}",
        "{'report': {'jobs': [{'itemDetails': {'name': '/other.pdf'}, 'validationResult': []}]}}",
        "{'report': {'jobs': [{'itemDetails': {'name': name}, 'validationResult': []}]}}",
        "{'report': {'jobs': [{'itemDetails': {'name': name}, 'validationResult': [{'jobEndStatus': 'normal',"
        " 'profileName': 'PDF/A-1B', 'compliant': True, 'details': {'ruleSummaries': []}}]}]}}",
        "{'report': {'jobs': [{'itemDetails': {'name': name}, 'validationResult': [{'jobEndStatus': 'cancelled',"
        " 'profileName': 'PDF/A-2B', 'compliant': True, 'details': {'ruleSummaries': []}}]}]}}",
        "{'report': {'jobs': [{'itemDetails': {'name': name}, 'validationResult': [{'jobEndStatus': 'normal',"
        " 'profileName': 'PDF/A-2B', 'compliant': False, 'details': {'ruleSummaries': []}}]}]}}",
    ],
)
def test_only_a_finished_validation_of_this_file_counts(tmp_path: Path, good: Path, report: str) -> None:
    with VeraPdf(program=fake(tmp_path, _ANSWER.replace("{REPORT}", report))) as server:
        assert server.check([good], "2b")[str(good)].verdict is Verdict.NOT_CHECKED


@pytest.mark.parametrize(
    "body", ["sys.exit(3)", "sys.stdin.readline(); sys.exit(3)", "print('x'); sys.exit(0)"]
)
def test_a_process_that_dies_leaves_the_file_unchecked(tmp_path: Path, good: Path, body: str) -> None:
    with VeraPdf(program=fake(tmp_path, body)) as server:
        assert [server.check([good], "2b")[str(good)].verdict for _ in range(2)] == [Verdict.NOT_CHECKED] * 2


def test_a_process_that_hangs_is_killed_at_the_limit_with_all_it_started(tmp_path: Path, good: Path) -> None:
    long = str(100_000 + os.getpid())  # of this test alone, whatever else runs on the machine
    body = f"import subprocess; subprocess.Popen(['sleep', '{long}']); time.sleep({long})"
    with VeraPdf(program=fake(tmp_path, body), file_seconds=0.4) as server:
        started = time.monotonic()
        assert server.check([good], "2b")[str(good)].verdict is Verdict.NOT_CHECKED
        assert time.monotonic() - started < 5
    # A killed process is gone a moment after the kill returns, later on a busy machine.
    deadline = time.monotonic() + 10
    while alive := [pid for pid in Path("/proc").glob("[0-9]*") if _command(pid) == ["sleep", long]]:
        assert time.monotonic() < deadline, f"still there: {alive}"
        time.sleep(0.05)


def _command(pid: Path) -> list[str]:
    try:
        return (pid / "cmdline").read_bytes().decode().strip("\0").split("\0")
    except OSError:
        return []


def test_it_dies_with_its_parent(good: Path) -> None:
    script = (
        "import sys, time\nfrom engines.verapdf import VeraPdf\n"
        "server = VeraPdf()\nserver.check([sys.argv[1]], '2b')\n"
        "print(server._all[0]._child.process.pid, flush=True)\ntime.sleep(100)\n"
    )
    if verapdf.find() is None and not os.environ.get("CI"):
        pytest.skip("veraPDF is not set up; `make test` does it")
    parent = subprocess.Popen([sys.executable, "-c", script, str(good)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    java = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{java}/cmdline").exists() and time.monotonic() < deadline:
        if not _command(Path(f"/proc/{java}")) or _command(Path(f"/proc/{java}")) == [""]:
            break
        time.sleep(0.05)
    assert not any("verapdf" in part for part in _command(Path(f"/proc/{java}")))


def test_nothing_is_left_in_the_temporary_folder(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with VeraPdf() as server:
        server.check([good], "2b")
        rooms = list(tmp_path.rglob("*.pdf")) + list(tmp_path.rglob("tempReport*"))
        assert rooms == []
    assert list(tmp_path.iterdir()) == []
