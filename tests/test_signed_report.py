"""The report of a digitised batch: its pictures hide what must be hidden, and the same state gives the same figures."""

from __future__ import annotations

import base64
import io
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from review.by_hand import set_values
from schemas.clock import today
from storage.objects import keys
from tests.reviewed_batch import BATCH, birth, copy_of, make_home, stored
from workspace.closing import close_batch, report_folder
from workspace.opening import Workspace
from workspace.report_pictures import MOST_OF_A_RULE

OWNER = "056221005678"
NO_DATE = "Ngày, tháng, năm đăng ký: ngày __ tháng 5 năm 2021"
SCANS = {
    f"0{at}.png": birth(f"12{at}/2021", GIẤY_KHAI="", định_danh=f"Số định danh cá nhân: {OWNER}")
    if at < 4
    else birth(f"12{at}/2021", năm_đăng=NO_DATE)
    for at in (1, 2, 3, 4)
}


@pytest.fixture(scope="module")
def digitised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three papers of unknown kind and one without its date."""
    return make_home(tmp_path_factory.mktemp("signed"), {BATCH: SCANS})


@pytest.fixture
def workspace(digitised: Path, tmp_path: Path) -> Iterator[Workspace]:
    with copy_of(digitised, tmp_path) as opened:
        yield opened


def report_of(workspace: Workspace) -> Path:
    return report_folder(workspace.settings.home, BATCH) / "report.html"


def kept(workspace: Workspace) -> dict[str, int]:
    folder = report_folder(workspace.settings.home, BATCH) / "pictures"
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def fingerprint_of(html: str) -> str:
    found = re.search(r'<code class="print">([0-9a-f]{64})</code>', html)
    assert found
    return found[1]


def test_a_report_made_again_of_the_same_state_has_the_same_figures_and_draws_nothing(
    workspace: Workspace,
) -> None:
    first, pictures = report_of(workspace).read_text(encoding="utf-8"), kept(workspace)
    close_batch(workspace, BATCH)
    again = report_of(workspace).read_text(encoding="utf-8")
    assert fingerprint_of(again) == fingerprint_of(first)
    assert kept(workspace) == pictures != {}


def test_each_rule_shows_its_first_examples_with_identifiers_painted_over(workspace: Workspace) -> None:
    html = report_of(workspace).read_text(encoding="utf-8")
    rows = re.findall(r"<code>(\w+)</code></div>(.*?)</tr>", html, flags=re.S)
    unknown = next(row for rule, row in rows if rule == "kind_unknown")
    shown = re.findall(r"base64,([A-Za-z0-9+/=]+)", unknown)
    assert len(shown) == MOST_OF_A_RULE < 3
    assert re.findall(r"<figcaption>(.*?)</figcaption>", unknown) == ["01.png, tr. 1", "02.png, tr. 1"]
    with Image.open(io.BytesIO(base64.b64decode(shown[0]))) as picture:
        pixels = np.asarray(picture.convert("L"))
    # Nothing else on these papers is a block of one grey.
    assert ((pixels > 85) & (pixels < 125)).sum() > 40
    assert OWNER not in html
    assert stat.S_IMODE(report_of(workspace).stat().st_mode) == 0o600


def test_what_a_person_corrects_leaves_the_examples_and_enters_the_decisions(workspace: Workspace) -> None:
    before, pictures = report_of(workspace).read_text(encoding="utf-8"), kept(workspace)
    workspace.operator = "chị Lan"
    set_values(
        workspace, stored(workspace)["04.png"].document.id, {"issue_date": "12/05/2021"}, as_of=today()
    )
    after = report_of(workspace).read_text(encoding="utf-8")
    assert "04.png, tr. 1" in before and "04.png, tr. 1" not in after
    assert "1 quyết định về 1 giấy tờ: 1 sửa, 0 xác nhận." in after
    assert fingerprint_of(after) != fingerprint_of(before)
    assert kept(workspace).keys() < pictures.keys(), "a picture that is shown no longer is kept no longer"


def test_a_report_is_made_without_the_pictures_of_a_damaged_original(workspace: Workspace) -> None:
    row = stored(workspace)["01.png"]
    path = workspace.settings.home / "store" / keys.original(row.document.sha256)
    path.chmod(0o600)
    path.write_bytes(b"other bytes")
    for picture in (report_folder(workspace.settings.home, BATCH) / "pictures").iterdir():
        picture.unlink()
    issued = report_of(workspace).read_bytes()
    close_batch(workspace, BATCH)
    assert report_of(workspace).read_bytes() == issued, "what was issued stands while its figures do"
    set_values(
        workspace, stored(workspace)["04.png"].document.id, {"issue_date": "12/05/2021"}, as_of=today()
    )
    html = report_of(workspace).read_text(encoding="utf-8")
    assert "01.png, tr. 1" not in html and "02.png, tr. 1" in html
