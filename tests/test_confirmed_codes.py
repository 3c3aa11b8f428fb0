"""What a person types into a code is said twice; a paper that gets no code is closed with a reason."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from configs.settings import Settings
from review.by_hand import close_paper, confirm_values, set_values
from review.questions import waiting
from schemas.clock import today
from schemas.documents import Route
from schemas.errors import UsageError
from storage.catalogue import documents
from storage.catalogue.documents import DocumentRow
from tests.reviewed_batch import OTHER, SCANS, make_home, settings_of
from workspace.opening import Rules, Workspace, open_workspace

NUMBER = {"number": "126/2021"}


@pytest.fixture(scope="module")
def digitised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("papers"), {OTHER: SCANS[OTHER]})


@pytest.fixture
def home(digitised: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(digitised, tmp_path / "home"))


@contextmanager
def opened(
    home: Path, mode: Literal["twice", "other_operator", "off"], operator: str = "An"
) -> Iterator[Workspace]:
    settings = settings_of(home).model_copy(update={"confirm_typed": mode, "operator": operator})
    with open_workspace(settings, Rules.load(settings)) as workspace:
        yield workspace


def paper(workspace: Workspace) -> DocumentRow:
    return documents.of_batch(workspace.database, OTHER)[0]


def asked(workspace: Workspace, *, closed: bool = False) -> list[set[str]]:
    """Targets of the open questions of each waiting paper."""
    found = waiting(workspace.database, OTHER, workspace.rules.book, closed=closed)
    return [{each.target for each in one.questions} for one in found]


def test_a_number_is_said_twice_by_default(home: Path) -> None:
    assert Settings().confirm_typed == "twice"
    with opened(home, "twice") as workspace:
        (first,) = set_values(workspace, paper(workspace).document.id, NUMBER, as_of=today())
        assert (first.after.code, first.after.document.route) == (None, Route.REVIEW)
        assert "field_unconfirmed" in {each.rule for each in first.after.document.findings}
        assert ["number" in targets for targets in asked(workspace)] == [True]
        (second,) = set_values(workspace, paper(workspace).document.id, NUMBER, as_of=today())
        assert second.after.document.route is Route.ACCEPTED
        assert str(second.after.code).endswith(".KQ.G15.000031.126/2021.01")
        assert set_values(workspace, paper(workspace).document.id, NUMBER, as_of=today()) == []


def test_another_value_the_second_time_is_asked_anew(home: Path) -> None:
    with opened(home, "twice") as workspace:
        document = paper(workspace).document.id
        set_values(workspace, document, NUMBER, as_of=today())
        with pytest.raises(UsageError):
            confirm_values(workspace, document, {"number": "128/2021"}, as_of=today())
        (other,) = set_values(workspace, document, {"number": "128/2021"}, as_of=today())
        assert (other.after.code, other.after.document.route) == (None, Route.REVIEW)
        (done,) = confirm_values(workspace, document, {"number": "128/2021"}, as_of=today())
        assert str(done.after.code).endswith(".KQ.G15.000031.128/2021.01")


def test_another_person_says_it_where_the_home_wants_so(home: Path) -> None:
    with opened(home, "other_operator") as workspace:
        set_values(workspace, paper(workspace).document.id, NUMBER, as_of=today())
        for again in set_values(workspace, paper(workspace).document.id, NUMBER, as_of=today()):
            assert again.after.code is None
    with opened(home, "other_operator", "Bình") as workspace:
        (done,) = set_values(workspace, paper(workspace).document.id, NUMBER, as_of=today())
        assert done.after.document.route is Route.ACCEPTED and done.after.code


def test_a_home_may_take_the_first_word(home: Path) -> None:
    with opened(home, "off") as workspace:
        (done,) = set_values(workspace, paper(workspace).document.id, NUMBER, as_of=today())
        assert done.after.code


def test_a_closed_paper_leaves_the_queue_and_stays_stored_without_a_code(home: Path) -> None:
    with opened(home, "off") as workspace:
        document = paper(workspace).document.id
        with pytest.raises(UsageError):
            close_paper(workspace, document, "  ", as_of=today())
        (done,) = close_paper(workspace, document, "Bản sao không có số", as_of=today())
        assert (done.after.document.route, done.after.code) == (Route.REVIEW, None)
        assert asked(workspace) == []
        assert len(asked(workspace, closed=True)) == 1
        (set_now,) = set_values(workspace, document, NUMBER, as_of=today())
        assert (set_now.after.document.route, set_now.after.code) == (Route.REVIEW, None)
        (opened_again,) = close_paper(workspace, document, "", as_of=today(), reopen=True)
        assert opened_again.after.document.route is Route.ACCEPTED and opened_again.after.code
