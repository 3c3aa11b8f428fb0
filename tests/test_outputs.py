"""Where `sohoa pdfa` writes, and what it must never do there; how `read` and `pdfa` end when they are stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from pipeline import delivery, single
from schemas.errors import SetupError, SourceError, UsageError
from tests.machine import Machine
from tests.processes import gone


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("scan") / "a.png"
    Image.new("L", (80, 60), 255).save(path, dpi=(100, 100))
    return path.read_bytes()


def lay(folder: Path, scan: bytes, *names: bytes) -> dict[bytes, bytes]:
    for name in names:
        path = os.path.join(os.fsencode(folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(scan)
    return dict.fromkeys(names, scan)


def left(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()]


def test_no_two_files_of_a_tree_are_given_one_place() -> None:
    names = ["a", "a.pdf", "A.PDF", "a (2).pdf", "b.tif", "b.tif.pdf", "sub/a"]
    found = delivery.places(names, Path("out"))
    assert list(found) == names
    assert found["a.pdf"] == Path("out/a.pdf")
    assert found["b.tif.pdf"] == Path("out/b.tif.pdf")
    assert found["sub/a"] == Path("out/sub/a.pdf")
    assert len({str(place).casefold() for place in found.values()}) == len(names)


def test_files_that_differ_only_in_their_ending_all_get_a_pdfa(scan: bytes, tmp_path: Path) -> None:
    lay(tmp_path / "in", scan, b"a", b"a.pdf")
    lines = Machine(tmp_path).lines("pdfa", tmp_path / "in", tmp_path / "out")
    assert [line["status"] for line in lines] == ["done", "done"]
    assert len({line["output"] for line in lines}) == 2
    assert sorted(left(tmp_path / "out")) == ["a (2).pdf", "a.pdf"]


def test_an_output_that_would_lie_among_the_inputs_is_refused_before_anything_is_read(
    scan: bytes, tmp_path: Path
) -> None:
    batch, machine = tmp_path / "o" / "lo", Machine(tmp_path)
    lay(batch, scan, b"x.pdf", b"lo/x.pdf", b"s/z.pdf")
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "s").symlink_to(batch / "s")
    for target in (batch, batch / "new", batch.parent, linked):
        result = machine.run("pdfa", batch, target)
        assert (result.returncode, result.stdout) == (2, "")
        assert str(batch) in result.stderr or str(linked) in result.stderr
    assert sorted(left(batch)) == ["lo/x.pdf", "s/z.pdf", "x.pdf"]
    assert all(path.read_bytes() == scan for path in batch.rglob("*.pdf"))


def test_names_of_any_bytes_are_carried_and_shown_without_harm(scan: bytes, tmp_path: Path) -> None:
    lay(tmp_path / "in", scan, b"a\nb.png", b"\xff\xfe.png", b"\x1b[31m.png", b"-dash.png")
    machine = Machine(tmp_path)
    (tmp_path / "in" / "loop").symlink_to("loop")
    (tmp_path / "in" / "around").symlink_to(".")
    done = subprocess.run(
        machine.argv("pdfa", str(tmp_path / "in"), str(tmp_path / "out"), "--json"),
        env=machine.environment,
        capture_output=True,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
    assert sorted(line["status"] for line in lines) == ["done"] * 4 + ["set_aside"] * 2
    assert {line["findings"][0]["rule"] for line in lines if not line["output"]} == {
        "file_not_regular",
        "file_is_directory",
    }
    assert sorted(os.listdir(os.fsencode(tmp_path / "out"))) == [
        b"\x1b[31m.png.pdf",
        b"-dash.png.pdf",
        b"a\nb.png.pdf",
        b"\xff\xfe.png.pdf",
    ]
    said = machine.run("read", *sorted((tmp_path / "in").glob("*.png"))).stdout
    assert "\x1b" not in said
    assert "a\\x0ab.png" in said


def test_what_cannot_be_written_costs_one_file_and_says_why(scan: bytes, tmp_path: Path) -> None:
    lay(tmp_path / "in", scan, b"n" * 251 + b".png", b"dir.png", b"good.png")
    (tmp_path / "out" / "dir.png.pdf").mkdir(parents=True)
    lines = Machine(tmp_path).lines("pdfa", tmp_path / "in", tmp_path / "out")
    states = {Path(line["file"]).name[:3]: line["status"] for line in lines}
    assert states == {"nnn": "set_aside", "dir": "set_aside", "goo": "done"}
    last = [line["findings"][-1]["rule"] for line in lines if line["status"] == "set_aside"]
    assert last == ["output_unwritable", "output_unwritable"]
    assert left(tmp_path / "out") == ["good.png.pdf"]


def test_a_place_that_cannot_be_written_to_is_told_before_anything_is_read(
    scan: bytes, tmp_path: Path
) -> None:
    lay(tmp_path / "in", scan, b"a.png")
    (tmp_path / "file").write_bytes(b"")
    machine = Machine(tmp_path)
    for source in (tmp_path / "in", tmp_path / "in" / "a.png"):
        for target in (tmp_path / "file" / "x", tmp_path / "file" / "x" / "y"):
            result = machine.run("pdfa", source, target)
            assert (result.returncode, result.stdout) == (5, ""), result
            assert "Traceback" not in result.stderr


def test_a_read_only_place_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery.os, "access", lambda *_: False)
    with pytest.raises(SetupError):
        delivery.need_writable(tmp_path / "new" / "deeper")


def test_a_full_disk_leaves_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built, out = tmp_path / "built", tmp_path / "out" / "a.pdf"
    built.write_bytes(b"x" * 100)

    def other_disk(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", other_disk)
    monkeypatch.setattr(delivery.shutil, "copyfileobj", full)
    with pytest.raises(SourceError) as caught:
        delivery.deliver(built, out)
    assert caught.value.rule == "disk_full"
    assert left(out.parent) == []
    with pytest.raises(SourceError, match="disk_full"):
        delivery.need_room(out, 1 << 60)


def test_a_file_comes_whole_to_another_disk(tmp_path: Path) -> None:
    built = tmp_path / "built"
    built.write_bytes(b"x" * 100)
    out = tmp_path / "a.pdf"
    out.write_bytes(b"old")
    delivery._carry(built, out)
    assert out.read_bytes() == built.read_bytes()
    assert out.stat().st_mode & 0o777 == 0o600
    assert sorted(left(tmp_path)) == ["a.pdf", "built"]


def test_an_output_reached_by_another_way_is_still_among_the_inputs(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "way").symlink_to("in")
    with pytest.raises(UsageError):
        delivery.keep_out_of(tmp_path / "in", [tmp_path / "way" / "new" / "a.pdf"])
    delivery.keep_out_of(tmp_path / "in", [tmp_path / "in2" / "a.pdf"])


def test_answers_of_many_files_are_not_held_in_memory(tmp_path: Path) -> None:
    begun: list[bytes] = []

    def work(path: bytes) -> bytes:
        begun.append(path)
        return path

    files = [str(number).encode() for number in range(10_000)]
    with single.open_readers(1) as readers:
        answers = single.in_order(readers, files, work)
        assert [next(answers) for _ in range(3)] == files[:3]
        time.sleep(0.05)
        assert len(begun) <= 3 + single._AHEAD + 2
        assert list(answers) == files[3:]


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[Machine, Path, Path]]:
    """A batch that keeps the machine busy for minutes."""
    batch, machine = tmp_path / "in", Machine(tmp_path)
    batch.mkdir()
    page = Image.new("L", (2480, 3508), 255)
    draw = ImageDraw.Draw(page)
    for line in range(60):
        draw.text((100, 50 + line * 56), f"Ve viec cap giay phep {line} " * 5, fill=0, font_size=40)
    page.save(batch / "many.tif", save_all=True, append_images=[page] * 40, dpi=(300, 300))
    Image.new("L", (80, 60), 255).save(batch / "a.png", dpi=(100, 100))
    yield machine, batch, tmp_path / "out"
    for pid in machine.processes():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["read", "pdfa"])
def test_a_stopped_command_ends_soon_and_leaves_nothing(
    slow: tuple[Machine, Path, Path], command: str, how: signal.Signals
) -> None:
    machine, batch, out = slow
    given: list[Any] = [batch, out] if command == "pdfa" else [batch / "a.png", batch / "many.tif"]
    running = machine.start(command, *given)
    assert gone(lambda: not any(machine.tmp.glob("sohoa-*/*")), 60)  # workers have begun
    time.sleep(0.5)
    running.send_signal(how)
    assert running.wait(timeout=30) == 130
    assert gone(machine.processes)
    assert left(machine.tmp) == []
    assert [name for name in left(out) if name != "a.png.pdf"] == []
