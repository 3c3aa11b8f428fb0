"""Everything a run needs, opened once: settings, rules, catalogue, ledger, store, workers, checker. Closed together."""

from __future__ import annotations

import getpass
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from configs.loader import (
    load_expectations,
    load_image_rules,
    load_limits,
    load_reading_profile,
    load_rendition_profile,
    load_rulebook,
)
from configs.second_keying import load_second_keying
from configs.settings import Settings
from engines import ocr, sweep, verapdf, written_net
from engines.pool import WorkPool
from extractors import language
from schemas.batches import BatchSheet
from schemas.digests import (
    READING_VERSION,
    RENDITION_VERSION,
    UNDERSTANDING_VERSION,
    Digests,
    digest_of,
)
from schemas.errors import SetupError
from schemas.expectations import Expectation
from schemas.rules import ImageRule, Limits, ReadingProfile, RenditionProfile, Rulebook
from storage import outbox
from storage.catalogue import runs
from storage.catalogue.database import Database
from storage.ledger import Ledger
from storage.objects import ObjectStore, open_store
from storage.objects.patient import PatientStore
from workspace.claiming import hold_everywhere
from workspace.locks import DocumentLocks

_SEND_SECONDS = 1.0


def operator_name(settings: Settings) -> str:
    """Operator recorded for all actions: `--operator`, else the OS user, else its number."""
    try:
        return settings.operator or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def reads_here(settings: Settings) -> str:
    """The engine that reads on this machine: the configured one, or what stands in for it."""
    named = load_reading_profile(engine=settings.engine).engine
    try:
        return ocr.loaded(named)[0]
    except SetupError:
        return named  # nothing is read here; figures and lists do without


@dataclass(frozen=True)
class Rules:
    """The configuration as frozen models, loaded once."""

    limits: Limits
    reading: ReadingProfile
    rendition: RenditionProfile
    image: tuple[ImageRule, ...]
    book: Rulebook
    expectations: tuple[Expectation, ...]

    @classmethod
    def load(cls, settings: Settings) -> Rules:
        """Load every rule file; imported lists and applied thresholds of this home included.

        Thresholds are those of the engine that reads here, which may stand in for the configured one.
        """
        book = load_rulebook(
            lists_dir=settings.lists, own_thresholds=settings.calibration, engine=reads_here(settings)
        )
        return cls(
            load_limits(),
            load_reading_profile(engine=settings.engine),
            load_rendition_profile(),
            load_image_rules(),
            book.model_copy(
                update={
                    "confirm_typed": settings.confirm_typed,
                    "second_keying": load_second_keying(settings.second_keying),
                }
            ),
            load_expectations(thresholds=book.thresholds),
        )

    def digests(self, settings: Settings, sheet: BatchSheet | None) -> Digests:
        """The three digests of work done under these rules.

        Raises:
            SetupError: the machine cannot read (no Tesseract, no language data).
        """
        engine = ocr.identity(self.reading)
        image = [rule.model_dump(mode="json") for rule in self.image]
        counts = language.identity() if self.reading.diacritics.enabled else None
        hand = written_net.identity()
        read_by = {"profile": self.reading, "engine": engine, "language": counts, "written": hand}
        return Digests(
            reading=digest_of(READING_VERSION, read_by),
            understanding=digest_of(
                UNDERSTANDING_VERSION,
                {
                    "rules": self.book.version,
                    "image": image,
                    "sheet": sheet or {},
                    "thresholds": self.book.thresholds,
                    "confirm_typed": self.book.confirm_typed,
                    "second_keying": [row.model_dump(mode="json") for row in self.book.second_keying],
                },
            ),
            rendition=digest_of(
                RENDITION_VERSION, {"profile": self.rendition, "agency": settings.work_agency}
            ),
        )


class Workspace:
    """A home opened for work. Parts that cost time are opened when first used."""

    def __init__(self, settings: Settings, rules: Rules, stack: ExitStack, patience: float) -> None:
        self.settings = settings
        self.patience = patience  # seconds to wait for an unreachable store or database
        self.rules = rules
        self._stack = stack
        self.operator = operator_name(settings)
        self.database = Database(settings.catalogue_url, patience=patience)
        stack.callback(self.database.close)
        self.ledger = Ledger(self.database)
        self.document_locks = DocumentLocks()
        self.run = sweep.open_run(settings.run_root, sweep.tmp_root())
        stack.callback(self.run.close)
        self._sent = 0.0
        self.run_id = self.run.id  # under which work is recorded; a worker's is that of the run it works for
        stack.enter_context(_temporary_files_in(self.run.tmp))
        close_killed(self.database, settings)

    @cached_property
    def store(self) -> ObjectStore:
        """The object store; waits if it cannot be reached.

        Raises:
            StoreError: it cannot be reached for as long as this run waits, or refuses.
        """
        opening = partial(open_store, self.settings.store, self.settings.home)
        return PatientStore(opening, self.patience)

    def require_current(self, *names: str) -> None:
        """Refuse to work if the catalogue is older than its store, then send events left by a killed run.

        Raises:
            CatalogueOlder: it is older; `sohoa rebuild` recreates it.
            StoreError: the store cannot be reached.
        """
        outbox.require_current(self.database, self.store, names)
        self.send()

    @contextmanager
    def hold(self, *names: str) -> Iterator[None]:
        """Hold batches while they are changed; refuses to work if the catalogue is older than its store.

        Raises:
            BatchHeld: another run is at work on one of them.
            CatalogueOlder, StoreError: as of `require_current`.
        """
        with ExitStack() as held:
            for name in names:
                held.enter_context(self.hold_one(name))
            self.require_current(*names)
            yield

    def hold_one(self, name: str) -> AbstractContextManager[None]:
        """Hold a batch, on this home and among all machines that share its catalogue.

        Raises:
            BatchHeld: another run is at work on it.
        """
        seconds = self.settings.machines.lease_seconds
        return hold_everywhere(
            self.database, self.settings.home, name, self.operator, run=self.run.id, seconds=seconds
        )

    def send(self) -> None:
        """Store the events of committed changes; codes are shown only after that."""
        outbox.send(self.database, self.store)

    def send_soon(self) -> None:
        """The same, but at most once a second and not beside another machine; what waits goes out as the batch closes."""
        if time.monotonic() - self._sent >= _SEND_SECONDS:
            self._sent = time.monotonic()
            outbox.send(self.database, self.store, wait=False)

    @cached_property
    def pool(self) -> WorkPool:
        """Worker processes, started with the first job."""
        return self._stack.enter_context(
            WorkPool(self.settings.workers, self.rules.limits, self.run.id, self.run.tmp)
        )

    @cached_property
    def checker(self) -> verapdf.VeraPdf | None:
        """veraPDF, or None if it is disabled or absent.

        Raises:
            SetupError: it is required and absent.
        """
        if self.settings.verapdf == "off":
            return None
        if verapdf.find() is None:
            self.require_checker()
            return None
        return self._stack.enter_context(verapdf.VeraPdf(processes=1))

    def require_checker(self) -> None:
        """Refuse to work without veraPDF where it is required; a run with nothing to render would not miss it.

        Raises:
            SetupError: it is required and absent.
        """
        if self.settings.verapdf == "required" and verapdf.find() is None:
            raise SetupError("veraPDF is required and absent", remedy="verapdf_required")

    @property
    def staging(self) -> Path:
        """Private folder for copies of what is being worked on."""
        return self.run.dir


def close_killed(database: Database, settings: Settings) -> list[str]:
    """Close this machine's runs that died. Returns the batches they left."""
    return runs.close_dead_runs(database, sweep.live_runs(settings.run_root))


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Point temporary files of libraries into the run folder, so that they are removed with it."""
    before, environment = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        if environment is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = environment


@contextmanager
def open_workspace(
    settings: Settings, rules: Rules | None = None, *, patience: float = 0
) -> Iterator[Workspace]:
    """Open a home, after sweeping what killed runs left in it.

    Args:
        settings: of this machine.
        rules: loaded from the configuration if not given.
        patience: seconds to wait for an unreachable store or database; short for interactive use.

    Raises:
        SetupError: the home cannot be written.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        sweep.sweep(settings.run_root, sweep.tmp_root())
    except OSError as error:
        raise SetupError(
            f"cannot use {settings.home}: {error}", remedy="home_unwritable", path=settings.home
        ) from error
    with ExitStack() as stack:
        yield Workspace(settings, rules or Rules.load(settings), stack, patience)
