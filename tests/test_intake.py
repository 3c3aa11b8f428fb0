"""An inbox file becomes a private, hashed copy, or a reason why not; nothing it is can stop or fool the intake."""

from __future__ import annotations

import hashlib
import os
import socket
import time
import unicodedata
from pathlib import Path
from typing import IO

import pytest

from extractors import intake
from extractors.intake import fingerprint, sniff, stage
from schemas.batches import StagedFile
from schemas.errors import SourceError
from schemas.reading import Format
from schemas.rules import Limits
from schemas.text import show_bytes

_LIMITS = Limits(free_disk_bytes=0)
_PNG = b"\x89PNG\r\n\x1a\n" + b"rest of a picture"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A batch's folder."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    """Where copies go."""
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


def _stage(
    path: Path | bytes, staging: Path, inbox: Path | None = None, limits: Limits = _LIMITS
) -> StagedFile:
    name = show_bytes(os.path.basename(os.fsencode(path)))
    return stage(path, name=name, staging=staging, limits=limits, inbox=inbox)


def _refused(path: Path | bytes, staging: Path, inbox: Path | None = None, limits: Limits = _LIMITS) -> str:
    with pytest.raises(SourceError) as caught:
        _stage(path, staging, inbox, limits)
    assert list(staging.iterdir()) == [], "nothing of a refused file is left"
    return caught.value.rule


def test_a_file_is_copied_privately_and_hashed(inbox: Path, staging: Path) -> None:
    """Same bytes, mode 0600, no temporary name left; the original is as it was."""
    original = inbox / "giấy.png"
    original.write_bytes(_PNG)
    before = original.stat()
    staged = _stage(original, staging)
    copy = Path(staged.path)
    assert copy.read_bytes() == _PNG
    assert copy.stat().st_mode & 0o777 == 0o600
    assert (staged.sha256, staged.size) == (hashlib.sha256(_PNG).hexdigest(), len(_PNG))
    assert staged.format is Format.PNG
    assert list(staging.iterdir()) == [copy]
    again = _stage(original, staging)
    copy.unlink()
    assert Path(again.path).read_bytes() == _PNG, "who works on the same bytes has a copy of their own"
    assert original.stat() == before
    assert fingerprint(original, limits=_LIMITS, inbox=None).sha256 == staged.sha256


@pytest.mark.parametrize(
    ("head", "format_"),
    [
        (b"%PDF-1.7\n", Format.PDF),
        (b"\0" * 500 + b"%PDF-1.4", Format.PDF),
        (b"\xff\xd8\xff\xe0", Format.JPEG),
        (b"II*\0", Format.TIFF),
        (b"MM\0*", Format.TIFF),
        (b"MM\0+", Format.TIFF),
        (b"\0\0\0\x0cjP  \r\n\x87\n", Format.JPX),
        (b"RIFF1234WEBP", Format.WEBP),
        (b"BM1234\0\0\0\0", Format.BMP),
    ],
)
def test_bytes_tell_what_a_file_is(tmp_path: Path, head: bytes, format_: Format) -> None:
    """Whatever it is called."""
    (tmp_path / "x").write_bytes(head + b"...")
    assert sniff(tmp_path / "x") is format_


@pytest.mark.parametrize(
    "content", [b"Just a letter", b"PK\x03\x04 a Word file", b"%PDX-1.7", b"\0" * 4000 + b"%PDF-1.4"]
)
def test_a_file_of_another_kind_named_pdf_is_set_aside(inbox: Path, staging: Path, content: bytes) -> None:
    """A name promises nothing."""
    (inbox / "a.pdf").write_bytes(content)
    assert _refused(inbox / "a.pdf", staging) == "format_unknown"


def test_a_wrong_suffix_is_told_and_the_content_wins(inbox: Path, staging: Path) -> None:
    """Also for a suffix in capitals; no suffix is no lie."""
    for name in ("a.PDF", "a.png", "a"):
        (inbox / name).write_bytes(_PNG)
    said = [[one.rule for one in _stage(inbox / name, staging).findings] for name in ("a.PDF", "a.png", "a")]
    assert said == [["format_misnamed"], [], []]


def test_what_is_no_file_is_set_aside_without_waiting(inbox: Path, staging: Path) -> None:
    """Absent, empty, a folder, a FIFO, a socket, a device, a path through a file."""
    (inbox / "empty.pdf").touch()
    (inbox / "folder.pdf").mkdir()
    os.mkfifo(inbox / "fifo.pdf")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(inbox / "s.pdf"))
        started = time.monotonic()
        assert _refused(inbox / "none.pdf", staging) == "file_absent"
        assert _refused(inbox / "empty.pdf", staging) == "file_empty"
        assert _refused(inbox / "folder.pdf", staging) == "file_is_directory"
        assert _refused(inbox / "fifo.pdf", staging) == "file_not_regular"
        assert _refused(inbox / "s.pdf", staging) == "file_not_regular"
        assert _refused(b"/dev/zero", staging) == "file_not_regular"
        assert _refused(inbox / "empty.pdf" / "x", staging) == "file_absent"
        assert _refused(b"a\0b", staging) == "file_unreadable"
        assert _refused(os.fsencode(inbox) + b"/" + b"x" * 400, staging) == "file_unreadable"
        assert time.monotonic() - started < 1


def test_a_link_is_followed_only_within_the_inbox(inbox: Path, staging: Path, tmp_path: Path) -> None:
    """Not out of it, by no detour; a link to nothing is absent, a circle unreadable."""
    (tmp_path / "secret.png").write_bytes(_PNG)
    (inbox / "real.png").write_bytes(_PNG)
    (inbox / "in.png").symlink_to("real.png")
    (inbox / "out.png").symlink_to(tmp_path / "secret.png")
    (inbox / "round").symlink_to(tmp_path)
    (inbox / "detour.png").symlink_to(inbox / "round" / "secret.png")
    (inbox / "gone.png").symlink_to("nothing.png")
    (inbox / "circle.png").symlink_to("circle.png")
    assert _stage(inbox / "in.png", staging, inbox).format is Format.PNG
    for copy in staging.iterdir():
        copy.unlink()
    assert _refused(inbox / "out.png", staging, inbox) == "link_out_of_inbox"
    assert _refused(inbox / "detour.png", staging, inbox) == "link_out_of_inbox"
    assert _refused(inbox / "gone.png", staging, inbox) == "file_absent"
    assert _refused(inbox / "circle.png", staging, inbox) in {"file_unreadable", "file_not_regular"}


@pytest.mark.parametrize(
    "name",
    [
        b"a b.png",
        b'it\'s "quoted".png',
        b"two\nlines.png",
        b"-rf.png",
        b"%s;$(x).png",
        b"bad\xff\xfebytes.png",
        unicodedata.normalize("NFD", "quyết định.png").encode(),
        "quyết định.png".encode(),
    ],
)
def test_any_name_that_a_file_system_takes_is_taken(inbox: Path, staging: Path, name: bytes) -> None:
    """Names are bytes."""
    path = os.fsencode(inbox) + b"/" + name
    with open(path, "wb") as file:
        file.write(_PNG)
    staged = _stage(path, staging, inbox)
    assert staged.size == len(_PNG)
    assert staged.name.isprintable() or "\n" in staged.name


def test_size_is_judged_before_a_byte_is_copied(inbox: Path, staging: Path) -> None:
    """A sparse file of a terabyte costs nothing."""
    with open(inbox / "huge.pdf", "wb") as file:
        file.truncate(1 << 40)
    started = time.monotonic()
    assert _refused(inbox / "huge.pdf", staging) == "file_too_large"
    assert time.monotonic() - started < 1


def test_room_on_the_disk_is_kept(inbox: Path, staging: Path) -> None:
    """What must stay free is counted with the file's own size."""
    (inbox / "a.png").write_bytes(_PNG)
    assert _refused(inbox / "a.png", staging, limits=Limits(free_disk_bytes=1 << 60)) == "disk_full"


def test_a_full_disk_is_told_as_such(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full stands for the disk."""
    (inbox / "a.png").write_bytes(_PNG * 100_000)
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(SourceError) as caught:
        intake._write(full, b"x")
    assert caught.value.rule == "disk_full"


def test_a_file_that_grows_or_changes_meanwhile_is_set_aside(
    inbox: Path, staging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scanner may still be writing it."""
    path, read = inbox / "a.png", intake._pour

    def changing(change: str) -> None:
        def pour(source: object, out: object, expected: int) -> intake.Fingerprint:
            mark = read(source, out, expected)  # type: ignore[arg-type]
            if change == "grown":
                with open(path, "ab") as file:
                    file.write(b"more")
            elif change == "shrunk":
                os.truncate(path, 10)
            else:
                path.write_bytes(_PNG[::-1])
                os.utime(path, ns=(1, 1))
            return mark

        monkeypatch.setattr(intake, "_pour", pour)

    for change in ("grown", "shrunk", "rewritten"):
        path.write_bytes(_PNG)
        changing(change)
        assert _refused(path, staging) == "file_changed", change


def test_a_file_that_grows_without_end_is_not_followed(
    inbox: Path, staging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more is copied than there was: with every chunk that is copied the file grows by as much."""
    path, copied = inbox / "a.png", 0
    path.write_bytes(_PNG * 200_000)
    size = path.stat().st_size
    write = intake._write

    def write_on(out: IO[bytes], chunk: bytes) -> None:
        nonlocal copied
        copied += len(chunk)
        with open(path, "ab") as file:
            file.write(chunk)
        write(out, chunk)

    monkeypatch.setattr(intake, "_write", write_on)
    assert _refused(path, staging) == "file_changed"
    assert 0 < copied <= size


@pytest.mark.skipif(
    os.geteuid() != 0, reason="root reads everything, so a child without its rights is needed"
)
def test_a_file_without_the_right_to_read_it_is_set_aside(inbox: Path, staging: Path) -> None:
    """Told as unreadable, with the system's reason; tried as another user."""
    (inbox / "a.png").write_bytes(_PNG)
    (inbox / "a.png").chmod(0)
    os.seteuid(65534)
    try:
        with pytest.raises(SourceError) as caught:
            fingerprint(inbox / "a.png", limits=_LIMITS, inbox=None)
    finally:
        os.seteuid(0)
    assert caught.value.rule == "file_unreadable"
    assert caught.value.params["detail"] == "Permission denied"
