"""What a bucket keeps by itself, against real servers: versions, retention, legal holds, uploads that were cut."""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from minio import Minio
from minio.error import S3Error

from schemas.errors import StoreError
from schemas.stores import StoreSpec
from storage.objects import keys, s3_calls, sha256_of
from storage.objects.s3 import S3Store
from tests.servers import S3Server, minio, versitygw

TYPE = "application/octet-stream"
DATA = b"as received"
KEY = keys.original(sha256_of(DATA))

Opened = Callable[..., S3Store]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("versitygw", marks=pytest.mark.s3),
        pytest.param("minio", marks=[pytest.mark.s3, pytest.mark.long]),
    ],
)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    run: Any = {"versitygw": versitygw, "minio": minio}[request.param]
    with run(tmp_path_factory.mktemp(request.param)) as running:
        yield running


def opener(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Opened:
    monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", server.access_key)
    monkeypatch.setenv("SOHOA_S3_SECRET_KEY", server.secret_key)
    bucket = f"b{time.monotonic_ns()}"

    def opened(**settings: Any) -> S3Store:
        spec = StoreSpec(
            **{"kind": "s3", "endpoint": server.endpoint, "secure": False, "bucket": bucket, **settings}
        )
        return S3Store.from_spec(spec)

    return opened


@pytest.fixture
def opened(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Opens the same fresh bucket as often as called, with the settings given."""
    return opener(server, monkeypatch)


@pytest.fixture
def raw(server: S3Server) -> Minio:
    """The server as another tool, or an administrator, meets it."""
    return Minio(
        endpoint=server.endpoint, access_key=server.access_key, secret_key=server.secret_key, secure=False
    )


def locked(opened: Opened, mode: str = "governance") -> S3Store:
    return opened(lock=mode, retain_years=7)


def put(store: S3Store, data: bytes = DATA, key: str | None = None) -> str:
    key = key or keys.original(sha256_of(data))
    store.put_if_absent(key, data, sha256=sha256_of(data), content_type=TYPE)
    return key


def version_of(raw: Minio, store: S3Store, key: str) -> str | None:
    return raw.stat_object(bucket_name=store._bucket, object_name=key).version_id


@pytest.mark.parametrize("mode", ["governance", "compliance"])
def test_a_locked_version_is_not_deleted_by_anyone(opened: Opened, raw: Minio, mode: str) -> None:
    store = locked(opened, mode)
    put(store)
    version = version_of(raw, store, KEY)
    assert version
    with pytest.raises(S3Error) as refused:
        raw.remove_object(bucket_name=store._bucket, object_name=KEY, version_id=version)
    assert refused.value.code in {"AccessDenied", "InvalidRequest"}
    assert store.read(KEY) == DATA


def test_retention_is_stamped_on_what_is_kept_for_good_and_on_nothing_else(
    opened: Opened, raw: Minio
) -> None:
    store = locked(opened)
    digest = sha256_of(DATA)
    kept = [
        KEY,
        keys.pdfa(digest),
        keys.sidecar("d" * 32, 1),
        keys.chain_object("house", 1),
        keys.report("Lô 1", digest),
        keys.frozen(digest, "json"),
    ]
    passing = [keys.intake("Lô 1", digest), keys.derived("Lô 1", "documents.parquet")]
    for key in (*kept, *passing):
        put(store, DATA, key)
    year = datetime.now(UTC).year + 7
    for key in kept:
        held = raw.get_object_retention(bucket_name=store._bucket, object_name=key)
        assert held is not None and held.mode == "GOVERNANCE" and held.retain_until_date.year == year, key
    for key in passing:
        assert raw.get_object_retention(bucket_name=store._bucket, object_name=key) is None
    store.remove(passing[0])
    assert store.head(passing[0]) is None
    left = raw.list_objects(bucket_name=store._bucket, prefix="intake/", recursive=True, include_version=True)
    assert list(left) == []


def test_overwriting_makes_a_new_version_which_is_noticed_and_the_first_stays(
    opened: Opened, raw: Minio
) -> None:
    store = locked(opened)
    put(store)
    first = version_of(raw, store, KEY)
    s3_calls.conditional_put(raw, store._bucket, KEY, b"as recEived", {}, only_if_absent=False)
    assert version_of(raw, store, KEY) != first
    assert store.digest(KEY)[1] != sha256_of(DATA)
    with pytest.raises(StoreError) as damaged:
        store.read(KEY)
    assert damaged.value.remedy == "object_damaged"
    with raw.get_object(bucket_name=store._bucket, object_name=KEY, version_id=first) as answer:
        assert answer.data == DATA
    store.restore(KEY, DATA, sha256=sha256_of(DATA), content_type=TYPE)
    assert store.read(KEY) == DATA


def test_a_large_file_in_parts_is_locked_too(opened: Opened, raw: Minio, tmp_path: Path) -> None:
    spec = StoreSpec(kind="s3", lock="governance", retain_years=7)
    bucket = locked(opened)._bucket
    store = S3Store(raw, bucket, single_put=6 << 20, part_size=5 << 20, spec=spec)
    source = tmp_path / "large"
    source.write_bytes(os.urandom(12 << 20))
    key = keys.original(sha256_of(source))
    assert store.put_if_absent(key, source, sha256=sha256_of(source), content_type=TYPE)
    assert store.put_if_absent(key, source, sha256=sha256_of(source), content_type=TYPE) is False
    held = raw.get_object_retention(bucket_name=bucket, object_name=key)
    assert held is not None and held.mode == "GOVERNANCE"
    assert list(s3_calls.open_uploads(raw, bucket)) == []


def test_a_legal_hold_refuses_until_it_is_released(opened: Opened, raw: Minio) -> None:
    store = locked(opened)
    key = put(store, DATA, "derived/held")  # no retention: the hold alone protects it
    assert store.held(key) is False
    assert store.hold(key, on=True) is True and store.held(key) is True
    version = version_of(raw, store, key)
    with pytest.raises(S3Error):
        raw.remove_object(bucket_name=store._bucket, object_name=key, version_id=version)
    assert store.hold(key, on=False) is True and store.held(key) is False
    raw.remove_object(bucket_name=store._bucket, object_name=key, version_id=version)


def test_a_bucket_without_locks_says_so_of_holds(opened: Opened) -> None:
    store = opened()
    key = put(store)
    assert (store.hold(key, on=True), store.held(key), store.hold(key, on=False)) == (False, None, False)


def test_an_existing_bucket_without_lock_or_versions_is_refused_with_its_remedy(opened: Opened) -> None:
    opened()
    with pytest.raises(StoreError) as unversioned:
        opened(versions="required")
    with pytest.raises(StoreError) as unlocked:
        locked(opened)
    assert unversioned.value.remedy == "store_no_versions"
    assert unlocked.value.remedy in {"store_no_versions", "store_no_lock"}


def test_a_versioned_bucket_without_lock_is_refused_where_a_lock_is_configured(opened: Opened) -> None:
    assert opened(versions="required").traits().versions is True
    with pytest.raises(StoreError) as caught:
        locked(opened)
    assert caught.value.remedy == "store_no_lock"


def test_what_lay_there_before_the_lock_was_configured_is_locked_when_it_is_met(
    opened: Opened, raw: Minio
) -> None:
    bucket = locked(opened)._bucket
    put(opened())
    assert raw.get_object_retention(bucket_name=bucket, object_name=KEY) is None
    put(locked(opened))
    assert raw.get_object_retention(bucket_name=bucket, object_name=KEY) is not None


def test_retention_that_an_object_lacks_is_given_once(opened: Opened) -> None:
    locked(opened)
    put(opened())
    store = locked(opened)
    assert (store.retain(KEY), store.retain(KEY), opened().retain(KEY)) == (True, False, False)


@pytest.mark.parametrize("how", ["overwritten", "deleted"])
def test_an_object_is_put_right_from_its_earlier_version(opened: Opened, raw: Minio, how: str) -> None:
    store = opened(versions="required")
    put(store)
    good = version_of(raw, store, KEY)
    if how == "overwritten":
        for data in (b"worse", b"as recEived"):
            s3_calls.conditional_put(raw, store._bucket, KEY, data, {}, only_if_absent=False)
    else:
        raw.remove_object(bucket_name=store._bucket, object_name=KEY)
    assert store.revive(KEY, sha256=sha256_of(DATA), content_type=TYPE) == good
    assert store.read(KEY) == DATA
    other = keys.original(sha256_of(b"other"))
    assert store.revive(other, sha256=sha256_of(b"other"), content_type=TYPE) is None


@pytest.mark.s3
def test_a_server_that_takes_a_lock_and_keeps_no_versions_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with versitygw(tmp_path / "one", versions=False) as server:
        opened = opener(server, monkeypatch)
        with pytest.raises(StoreError) as caught:
            put(locked(opened))
        assert caught.value.remedy == "store_no_versions"


def test_a_put_that_comes_back_without_its_version_is_refused_though_the_bucket_promised_them(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(versions="required")
    monkeypatch.setattr(s3_calls, "_version", lambda _named: None)
    with pytest.raises(StoreError) as caught:
        put(store)
    assert caught.value.remedy == "store_no_versions"


def test_a_retention_that_does_not_read_back_is_refused(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = locked(opened)
    monkeypatch.setattr(store._keeping, "headers", lambda _key: {})
    with pytest.raises(StoreError) as caught:
        put(store)
    assert caught.value.remedy == "store_no_lock"


def test_an_upload_that_fails_on_the_way_leaves_nothing_open(
    opened: Opened, raw: Minio, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = opened()._bucket
    send, sent = raw._put_object, []

    def cut(*given: Any, **named: Any) -> Any:
        sent.append(1)
        if len(sent) == 2:
            raise OSError("cut")
        return send(*given, **named)

    monkeypatch.setattr(raw, "_put_object", cut)
    with pytest.raises(OSError, match="cut"):
        s3_calls.put_in_parts(
            raw, bucket, KEY, os.urandom(11 << 20), {}, part_size=5 << 20, only_if_absent=True
        )
    assert list(s3_calls.open_uploads(raw, bucket)) == []


def test_a_part_with_other_bytes_than_its_checksum_is_refused_by_the_server(
    opened: Opened, raw: Minio, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = opened()._bucket
    send = raw._put_object

    def spoil(name: str, key: str, data: bytes, **named: Any) -> Any:
        return send(name, key, b"?" + data[1:], **named)

    monkeypatch.setattr(raw, "_put_object", spoil)
    with pytest.raises(S3Error):
        s3_calls.put_in_parts(
            raw, bucket, KEY, os.urandom(6 << 20), {}, part_size=5 << 20, only_if_absent=True
        )
    with pytest.raises(S3Error):
        raw.stat_object(bucket_name=bucket, object_name=KEY)


def test_uploads_left_open_under_our_prefixes_are_given_up_and_those_of_others_are_not(
    opened: Opened, raw: Minio
) -> None:
    store = opened()
    private: Any = raw
    for key in (KEY, "elsewhere/x"):
        private._create_multipart_upload(store._bucket, key, {})
    assert store.give_up_uploads(timedelta(days=1)) == ()
    assert store.give_up_uploads(timedelta(seconds=-5)) == (KEY,)
    assert [upload.key for upload in s3_calls.open_uploads(raw, store._bucket)] == ["elsewhere/x"]


def test_the_private_calls_of_the_client_have_the_parameters_that_are_passed_to_them() -> None:
    for name, parameters in s3_calls.PRIVATE.items():
        known = inspect.signature(getattr(Minio, name)).parameters
        assert set(parameters) <= set(known), name
    positional = list(inspect.signature(Minio._put_object).parameters)
    assert positional[:5] == ["self", "bucket_name", "object_name", "data", "headers"]
    for module in Path(s3_calls.__file__).parent.glob("*.py"):
        if module.name != "s3_calls.py":
            assert "client._" not in module.read_text(encoding="utf-8"), module.name


@pytest.mark.parametrize(
    "settings",
    [
        {"lock": "governance"},
        {"lock": "compliance", "retain_years": 5, "versions": "off"},
        {"retain_years": 5},
        {"kind": "local", "lock": "governance", "retain_years": 5},
        {"kind": "local", "versions": "required"},
    ],
)
def test_settings_that_do_not_fit_together_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"lock|versions"):
        StoreSpec(**{"kind": "s3", **settings})
