"""`make demo`: what README says of it, over two papers and without a server."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

from tests.machine import Machine


def test_the_demo_ends_with_one_table_and_one_page_that_links_all_it_made(tmp_path: Path) -> None:
    machine = Machine(tmp_path, SOHOA_ORCHESTRATOR="plain", SOHOA_LANG="vi")
    probe = f"from pathlib import Path; from cli.demo import main; main(Path({str(tmp_path)!r}), 2)"
    done = subprocess.run(
        [sys.executable, "-c", probe], env=machine.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout
    batches = machine.json("batch", "list", "--home", tmp_path / "var" / "demo")
    (total,) = [line.split() for line in said.splitlines() if line.split()[:1] == ["Cộng"]]
    assert total[1] == str(sum(batch["files"] for batch in batches)), total
    assert all(batch["batch"] in said for batch in batches)
    assert "Cần người xử lý" in said and "PDF/A hợp lệ" in said
    page = tmp_path / "var" / "demo" / "index.html"
    assert str(page) in said
    links = [unquote(html.unescape(link)) for link in re.findall(r'href="([^"#]+)"', page.read_text("utf-8"))]
    assert [link for link in links if not (page.parent / link).exists()] == []
    made = {Path(link).name for link in links}
    assert {"board.html", "report.html", "truy-vet.html", "vi-du.pdf", "quota-explain.csv"} <= made
    assert sum(link.endswith("report.html") for link in links) == len(batches)
