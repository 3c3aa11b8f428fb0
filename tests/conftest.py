"""Fixtures that several themes share: homes digitised once for the whole suite, and copies of them to work in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kept_home import machine_with, make_kept_home
from tests.machine import Machine
from tests.reviewed_batch import make_home


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of tests/kept_home.py: two coded papers and a second scan of one. To be copied, never written to."""
    return make_kept_home(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> Machine:
    """The command line over a copy of that home."""
    return machine_with(home, tmp_path)


@pytest.fixture(scope="session")
def digitised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of tests/reviewed_batch.py: two batches whose papers wait for a person. To be copied, never written to."""
    return make_home(tmp_path_factory.mktemp("reviewed"))
