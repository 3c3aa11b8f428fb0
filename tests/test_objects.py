"""The contract of object stores, held by the local directory and a real S3 server; then each one's own."""

from __future__ import annotations

import concurrent.futures
import errno
import fcntl
import hashlib
import io
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from minio import Minio

from schemas.errors import StoreError
from schemas.stores import StoreSpec
from storage.objects import ObjectStore, keys, open_store, sha256_of
from storage.objects.local import LocalStore
from storage.objects.s3 import S3Store
from tests.servers import S3Server, free_port, minio, versitygw

ROOT = Path(__file__).parents[1]
TYPE = "application/octet-stream"
BAD_KEYS = [
    "",
    "/a",
    "a/",
    "a//b",
    "../a",
    "a/../b",
    "a/.b",
    ".tmp/a",
    "a\0b",
    "a b",
    "lô/a",
    "a\\b",
    "x" * 600,
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with versitygw(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture(scope="module")
def second_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with minio(tmp_path_factory.mktemp("minio")) as running:
        yield running


@pytest.fixture
def s3(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[], S3Store]:
    """Opens the same fresh bucket as often as called."""
    monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", server.access_key)
    monkeypatch.setenv("SOHOA_S3_SECRET_KEY", server.secret_key)
    spec = StoreSpec(kind="s3", endpoint=server.endpoint, secure=False, bucket=f"b{time.monotonic_ns()}")
    return lambda: S3Store.from_spec(spec)


@pytest.fixture(
    params=[
        "local",
        pytest.param("s3", marks=pytest.mark.s3),
        pytest.param("minio", marks=[pytest.mark.s3, pytest.mark.long]),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    if request.param == "local":
        return LocalStore(tmp_path / "store")
    if request.param == "minio":
        second: S3Server = request.getfixturevalue("second_server")
        monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", second.access_key)
        monkeypatch.setenv("SOHOA_S3_SECRET_KEY", second.secret_key)
        bucket = f"b{time.monotonic_ns()}"
        return S3Store.from_spec(StoreSpec(kind="s3", endpoint=second.endpoint, secure=False, bucket=bucket))
    return request.getfixturevalue("s3")()  # type: ignore[no-any-return]


def address(data: bytes) -> str:
    return keys.original(sha256_of(data))


def put(store: ObjectStore, data: bytes, key: str | None = None) -> str:
    key = key or address(data)
    store.put_if_absent(key, data, sha256=sha256_of(data), content_type=TYPE)
    return key


class TestContract:
    def test_good_bytes_take_the_place_of_damaged_ones_which_are_kept_aside(self, store: ObjectStore) -> None:
        good, bad = b"good", b"bad"
        key = keys.chain_object("house", 1)
        assert store.restore(key, good, sha256=sha256_of(good), content_type=TYPE) is None
        assert store.digest(key) == (4, sha256_of(good))
        other = keys.chain_object("house", 2)
        put(store, bad, other)
        aside = store.restore(other, good, sha256=sha256_of(good), content_type=TYPE)
        assert aside == keys.damaged(other, sha256_of(bad))
        assert (store.read(other), store.read(aside)) == (good, bad)
        assert store.restore(other, good, sha256=sha256_of(good), content_type=TYPE) is None
        with pytest.raises(StoreError) as caught:
            store.digest(keys.chain_object("house", 3))
        assert caught.value.remedy == "object_absent"

    """What every store must do; nothing here knows which store it speaks to."""

    @pytest.mark.parametrize("data", [b"", b"x", b"Gi\xe1\xba\xa5y" * 1000, os.urandom(1 << 20)], ids=len)
    def test_bytes_come_back_as_they_were_put(self, store: ObjectStore, tmp_path: Path, data: bytes) -> None:
        key = put(store, data)
        assert store.read(key) == data
        store.get(key, tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == data
        info = store.head(key)
        assert info is not None
        assert (info.key, info.size, info.sha256) == (key, len(data), sha256_of(data))

    def test_a_file_is_put_as_its_bytes(self, store: ObjectStore, tmp_path: Path) -> None:
        source = tmp_path / "quét 1.pdf"
        source.write_bytes(b"%PDF" * 50_000)
        key = keys.pdfa(sha256_of(source))
        assert store.put_if_absent(key, source, sha256=sha256_of(source), content_type="application/pdf")
        assert store.read(key) == source.read_bytes()

    def test_a_second_put_of_the_same_bytes_stores_nothing(self, store: ObjectStore) -> None:
        data = b"again"
        arguments: dict[str, Any] = {"sha256": sha256_of(data), "content_type": TYPE}
        assert store.put_if_absent(address(data), data, **arguments) is True
        assert store.put_if_absent(address(data), data, **arguments) is False

    def test_other_bytes_under_a_taken_key_are_an_error_and_the_first_stay(self, store: ObjectStore) -> None:
        put(store, b"first", "documents/x/v0001.json")
        with pytest.raises(StoreError) as caught:
            put(store, b"second", "documents/x/v0001.json")
        assert caught.value.remedy == "object_differs"
        assert store.read("documents/x/v0001.json") == b"first"

    @pytest.mark.parametrize("way", ["put", "put_if_absent"])
    def test_bytes_that_are_not_those_announced_leave_nothing(self, store: ObjectStore, way: str) -> None:
        key = "derived/x.bin"
        with pytest.raises(StoreError, match="announced"):
            getattr(store, way)(key, b"these", sha256=sha256_of(b"those"), content_type=TYPE)
        assert store.head(key) is None
        assert list(store.list("")) == []

    def test_a_derived_object_is_replaced(self, store: ObjectStore) -> None:
        for data in (b"one", b"two"):
            store.put("derived/t.parquet", data, sha256=sha256_of(data), content_type=TYPE)
        assert store.read("derived/t.parquet") == b"two"

    @pytest.mark.parametrize("place", [keys.original, keys.pdfa])
    def test_originals_and_renditions_are_never_rewritten(
        self, store: ObjectStore, place: Callable[[str], str]
    ) -> None:
        data = b"sacred"
        with pytest.raises(StoreError) as caught:
            store.put(place(sha256_of(data)), data, sha256=sha256_of(data), content_type=TYPE)
        assert caught.value.remedy == "object_sacred"

    def test_an_original_lies_only_under_its_own_digest(self, store: ObjectStore) -> None:
        with pytest.raises(StoreError) as caught:
            put(store, b"mine", keys.original(sha256_of(b"another")))
        assert caught.value.remedy == "object_key_bad"

    def test_an_absent_object_is_none_to_head_and_an_error_to_read(
        self, store: ObjectStore, tmp_path: Path
    ) -> None:
        key = address(b"never put")
        assert store.head(key) is None
        with pytest.raises(StoreError) as read:
            store.read(key)
        with pytest.raises(StoreError) as got:
            store.get(key, tmp_path / "out")
        assert (read.value.remedy, got.value.remedy) == ("object_absent", "object_absent")
        assert list(tmp_path.glob("*out*")) == [] and list(tmp_path.glob(".*")) == []

    @pytest.mark.parametrize("key", BAD_KEYS, ids=range(len(BAD_KEYS)))
    def test_a_key_that_no_store_could_carry_is_refused_everywhere(
        self, store: ObjectStore, tmp_path: Path, key: str
    ) -> None:
        calls: list[Callable[[], object]] = [
            lambda: store.put(key, b"x", sha256=sha256_of(b"x"), content_type=TYPE),
            lambda: store.put_if_absent(key, b"x", sha256=sha256_of(b"x"), content_type=TYPE),
            lambda: store.read(key),
            lambda: store.head(key),
            lambda: store.get(key, tmp_path / "out"),
        ]
        for call in calls:
            with pytest.raises(StoreError):
                call()

    def test_objects_are_listed_by_prefix_in_the_order_of_their_keys(self, store: ObjectStore) -> None:
        names = ["a/b/1", "a/b-c/2", "a/b.d/3", "a/bc", "ab/4", "b/5", "a/B/6"]
        for name in names:
            put(store, name.encode(), name)
        assert [info.key for info in store.list("")] == sorted(names)
        assert [info.key for info in store.list("a/b")] == sorted(
            name for name in names if name.startswith("a/b")
        )
        assert [(info.key, info.size) for info in store.list("b/")] == [("b/5", 3)]
        assert list(store.list("nowhere/")) == []

    def test_of_many_that_race_for_a_key_one_stores(self, store: ObjectStore) -> None:
        data = os.urandom(300_000)
        start = threading.Barrier(8)

        def race(_number: int) -> bool:
            start.wait()
            return store.put_if_absent(address(data), data, sha256=sha256_of(data), content_type=TYPE)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(race, range(8)))
        assert outcomes.count(True) == 1
        assert store.read(address(data)) == data

    def test_of_different_bytes_that_race_for_a_key_one_wins_and_the_rest_are_told(
        self, store: ObjectStore
    ) -> None:
        start = threading.Barrier(4)

        def race(number: int) -> bool:
            data = bytes([number]) * 100_000
            start.wait()
            try:
                return store.put_if_absent("documents/r", data, sha256=sha256_of(data), content_type=TYPE)
            except StoreError as error:
                assert error.remedy == "object_differs"
                return False

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(race, range(4)))
        assert outcomes.count(True) == 1
        assert store.read("documents/r") == bytes([outcomes.index(True)]) * 100_000

    def test_a_source_that_vanished_is_our_error(self, store: ObjectStore, tmp_path: Path) -> None:
        with pytest.raises(StoreError):
            store.put("derived/x", tmp_path / "gone", sha256="0" * 64, content_type=TYPE)

    def test_a_file_that_cannot_be_written_is_our_error(self, store: ObjectStore, tmp_path: Path) -> None:
        key = put(store, b"data")
        with pytest.raises(StoreError):
            store.get(key, tmp_path / "no" / "such" / "folder")


# -- the local directory


def test_files_and_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        store = LocalStore(tmp_path / "deep" / "store")
        put(store, b"x", "a/b/c")
    finally:
        os.umask(previous)
    for path in (tmp_path / "deep" / "store").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_damaged_original_is_noticed_when_it_is_read(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    key = put(store, b"as received")
    (tmp_path / "store" / key).write_bytes(b"as recEived")
    for call in (lambda: store.read(key), lambda: store.get(key, tmp_path / "out")):
        with pytest.raises(StoreError) as caught:
            call()
        assert caught.value.remedy == "object_damaged"
    assert not (tmp_path / "out").exists()
    info = store.head(key)
    assert info is not None and info.sha256 != sha256_of(b"as received")


def test_nothing_temporary_is_left_by_puts_that_succeed_or_fail(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    put(store, b"x", "a")
    with pytest.raises(StoreError):
        store.put("b", b"x", sha256="0" * 64, content_type=TYPE)
    assert list((tmp_path / "store" / ".tmp").iterdir()) == []


def test_what_a_killed_writer_left_is_swept_and_what_a_living_one_holds_is_not(tmp_path: Path) -> None:
    LocalStore(tmp_path)
    dead, alive, young = (tmp_path / ".tmp" / f"put-{name}" for name in ("dead", "alive", "young"))
    for path in (dead, alive, young):
        path.write_bytes(b"half")
    for path in (dead, alive):
        os.utime(path, (0, 0))
    with alive.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        LocalStore(tmp_path)
    assert (dead.exists(), alive.exists(), young.exists()) == (False, True, True)


def test_a_file_system_without_hard_links_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_more: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    store = LocalStore(tmp_path)
    key = put(store, b"x")
    assert store.put_if_absent(key, b"x", sha256=sha256_of(b"x"), content_type=TYPE) is False
    assert store.read(key) == b"x"


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = LocalStore(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError) as caught:
        put(store, b"x", "a")
    assert caught.value.remedy == "store_full"


def test_a_root_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError) as caught:
        LocalStore(tmp_path / "file")
    assert caught.value.remedy == "store_unwritable"


WRITER = """
import sys
from pathlib import Path
from storage.objects import keys, sha256_of
from storage.objects.local import LocalStore
store = LocalStore(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(10_000):
    data = number.to_bytes(4, "big") * 50_000
    store.put_if_absent(keys.original(sha256_of(data)), data, sha256=sha256_of(data), content_type="x")
"""


def test_a_writer_killed_at_any_moment_leaves_only_whole_objects(tmp_path: Path) -> None:
    for pause in (0.05, 0.11, 0.2):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
            time.sleep(pause)
            os.kill(writer.pid, signal.SIGKILL)
    store = LocalStore(tmp_path)
    found = list(store.list("originals/"))
    assert found
    for info in found:
        assert keys.digest_in(info.key) == sha256_of(store.read(info.key))


# -- S3


@pytest.mark.s3
def test_a_large_file_goes_in_parts_and_is_verified(s3: Callable[[], S3Store], tmp_path: Path) -> None:
    store = s3()
    small_parts = S3Store(store._client, store._bucket, single_put=6 << 20, part_size=5 << 20)
    source = tmp_path / "large"
    source.write_bytes(os.urandom(12 << 20))
    key = keys.original(sha256_of(source))
    assert small_parts.put_if_absent(key, source, sha256=sha256_of(source), content_type=TYPE)
    assert small_parts.put_if_absent(key, source, sha256=sha256_of(source), content_type=TYPE) is False
    info = small_parts.head(key)
    assert info is not None and (info.size, info.sha256) == (12 << 20, sha256_of(source))


@pytest.mark.s3
def test_an_original_damaged_on_the_server_is_noticed(s3: Callable[[], S3Store], server: S3Server) -> None:
    store = s3()
    key = put(store, b"as received")
    raw = Minio(
        endpoint=server.endpoint, access_key=server.access_key, secret_key=server.secret_key, secure=False
    )
    raw.put_object(
        bucket_name=store._bucket,
        object_name=key,
        data=io.BytesIO(b"as recEived"),
        length=11,
        metadata={"sha256": sha256_of(b"as received")},
    )
    with pytest.raises(StoreError) as read:
        store.read(key)
    with pytest.raises(StoreError) as stored:
        put(store, b"as received")
    assert (read.value.remedy, stored.value.remedy) == ("object_damaged", "object_differs")


@pytest.mark.s3
def test_an_object_put_by_another_tool_without_our_digest_is_held_against_its_bytes(
    s3: Callable[[], S3Store], server: S3Server
) -> None:
    store = s3()
    raw = Minio(
        endpoint=server.endpoint, access_key=server.access_key, secret_key=server.secret_key, secure=False
    )
    raw.put_object(bucket_name=store._bucket, object_name="documents/x", data=io.BytesIO(b"same"), length=4)
    assert store.put_if_absent("documents/x", b"same", sha256=sha256_of(b"same"), content_type=TYPE) is False


@pytest.mark.s3
def test_a_bucket_is_made_once_and_opened_after(s3: Callable[[], S3Store]) -> None:
    put(s3(), b"x", "a")
    assert s3().read("a") == b"x"


@pytest.mark.s3
def test_a_listing_longer_than_one_page_is_whole(
    s3: Callable[[], S3Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.objects.s3._LISTED", 3)
    store = s3()
    names = [f"derived/{number:02d}" for number in range(9)]
    for name in names:
        put(store, b"x", name)
    assert [info.key for info in store.list("derived/")] == names


@pytest.mark.s3
def test_keys_come_from_files_before_the_environment(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", "wrong")
    monkeypatch.setenv("SOHOA_S3_SECRET_KEY", "wrong")
    access, secret = tmp_path / "access", tmp_path / "secret"
    access.write_text(server.access_key + "\n")
    secret.write_text(server.secret_key + "\n")
    spec = StoreSpec(
        kind="s3",
        endpoint=f"http://{server.endpoint}/",
        access_key_file=access,
        secret_key_file=secret,
        bucket="files",
    )
    put(open_store(spec, tmp_path), b"x", "a")


@pytest.mark.s3
def test_wrong_keys_are_told_and_not_retried(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", server.access_key)
    monkeypatch.setenv("SOHOA_S3_SECRET_KEY", "wrong")
    with pytest.raises(StoreError) as caught:
        S3Store.from_spec(StoreSpec(kind="s3", endpoint=server.endpoint, secure=False))
    assert caught.value.remedy == "store_refused"
    assert "wrong" not in str(caught.value)


def test_missing_keys_name_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOHOA_S3_ACCESS_KEY", raising=False)
    with pytest.raises(StoreError, match="SOHOA_S3_ACCESS_KEY") as caught:
        S3Store.from_spec(StoreSpec(kind="s3", endpoint="127.0.0.1:1"))
    assert caught.value.remedy == "store_keys_missing"


@pytest.mark.parametrize(
    ("endpoint", "remedy"),
    [
        ("127.0.0.1:{port}", "store_unreachable"),
        ("bad host/path", "store_address_bad"),
        ("", "store_address_bad"),
    ],
)
def test_a_server_that_is_not_there_or_no_address_is_told(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, remedy: str
) -> None:
    monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", "a")
    monkeypatch.setenv("SOHOA_S3_SECRET_KEY", "b")
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    with pytest.raises(StoreError) as caught:
        S3Store.from_spec(StoreSpec(kind="s3", endpoint=endpoint.format(port=free_port()), secure=False))
    assert caught.value.remedy == remedy


@pytest.mark.s3
def test_over_tls_large_bodies_that_race_have_one_winner_and_no_broken_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with versitygw(tmp_path / "tls", tls=True) as secure:
        monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", secure.access_key)
        monkeypatch.setenv("SOHOA_S3_SECRET_KEY", secure.secret_key)
        spec = StoreSpec(kind="s3", endpoint=secure.endpoint, bucket="tls")
        with pytest.raises(StoreError, match="CERTIFICATE_VERIFY_FAILED"):
            S3Store.from_spec(spec)
        monkeypatch.setenv("SSL_CERT_FILE", str(secure.certificate))
        store = S3Store.from_spec(spec)
        data = os.urandom(3 << 20)
        start = threading.Barrier(6)

        def race(_number: int) -> bool:
            start.wait()
            return store.put_if_absent(address(data), data, sha256=sha256_of(data), content_type=TYPE)

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            assert list(pool.map(race, range(6))).count(True) == 1
        assert store.read(address(data)) == data


@pytest.mark.s3
def test_a_server_killed_under_us_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    with versitygw(tmp_path / "one") as first:
        monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", first.access_key)
        monkeypatch.setenv("SOHOA_S3_SECRET_KEY", first.secret_key)
        store = S3Store.from_spec(StoreSpec(kind="s3", endpoint=first.endpoint, secure=False))
        put(store, b"x", "a")
        first.process.kill()
        first.process.wait()
        for call in (lambda: store.read("a"), lambda: put(store, b"y", "b"), lambda: list(store.list(""))):
            with pytest.raises(StoreError) as caught:
                call()
            assert caught.value.remedy == "store_unreachable"


class Proxy(threading.Thread):
    """Stands before a server and spoils the first `faults` connections after `after` bytes of answer."""

    def __init__(self, target: str, faults: int) -> None:
        super().__init__(daemon=True)
        host, _, port = target.partition(":")
        self._target = (host, int(port))
        self.faults = faults
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self.faults > 0:
            self.faults -= 1
            client.recv(100)
            client.close()
            return
        server = socket.create_connection(self._target)
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server)

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
        except OSError:
            pass
        finally:
            sink.close()

    def close(self) -> None:
        self._listener.close()


@pytest.mark.s3
def test_connections_that_break_are_tried_again(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", server.access_key)
    monkeypatch.setenv("SOHOA_S3_SECRET_KEY", server.secret_key)
    proxy = Proxy(server.endpoint, faults=2)
    proxy.start()
    try:
        store = S3Store.from_spec(StoreSpec(kind="s3", endpoint=proxy.endpoint, secure=False, bucket="flaky"))
        put(store, b"x" * 100_000, "derived/x")
        assert store.read("derived/x") == b"x" * 100_000
        assert proxy.faults == 0
    finally:
        proxy.close()


# -- keys


@given(name=st.text(min_size=1))
def test_every_batch_name_makes_keys_that_every_store_carries(name: str) -> None:
    assert keys.check(keys.chain_object(keys.batch_key(name), 1))
    assert keys.check(keys.derived(name, "documents.parquet"))


def test_a_batch_key_is_readable_and_the_same_for_both_normal_forms() -> None:
    name = "Lô 12 / Hộ tịch Diên An"
    assert keys.batch_key(name) == keys.batch_key(unicodedata.normalize("NFD", name))
    assert keys.batch_key(name).startswith("lo-12-ho-tich-dien-an-")
    assert keys.batch_key("lô 1") != keys.batch_key("lo 1")


@given(data=st.binary())
def test_a_content_addressed_key_tells_its_digest(data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    assert keys.digest_in(keys.original(digest)) == keys.digest_in(keys.pdfa(digest)) == digest
    assert keys.digest_in(keys.sidecar(digest[:32], 1)) is None
