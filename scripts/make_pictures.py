"""Takes the pictures of docs/cho-*.md from the home that `make demo` leaves: everything on them is synthetic.

    make demo && .venv/bin/python scripts/make_pictures.py

Wants the environment of the suite and Chromium. Looks at a copy of the home and writes `docs/images/page-*.png`.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
IMAGES: Final = ROOT / "docs" / "images"
NAMES: Final = {"archivist": "Lan", "it": "Tín", "auditor": "Tra"}
PASSWORD: Final = "trang chỉ để chụp ảnh"
WIDTH: Final = 1280
COLOURS: Final = 32
# Picture, who looks, how tall the window is, and where: an address, or the text of links from there on.
PICTURES: Final[tuple[tuple[str, str, int, tuple[str, ...]], ...]] = (
    ("page-work", "archivist", 420, ("/",)),
    ("page-batch", "archivist", 900, ("/batches", "ho-tich-xa-dien-an")),
    ("page-people", "it", 520, ("/admin",)),
    ("page-alerts", "it", 460, ("/alerts",)),
    ("page-figures", "auditor", 900, ("/figures",)),
    ("page-paper", "auditor", 900, ("/batches", "2021-so-xay-dung", "a[href^='/papers/']")),
)


@contextmanager
def page_over(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """A running web page; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        _sohoa("portal", "--port", str(port)), env=environment, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                httpx.get(f"{address}/health")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _sohoa(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "cli", *arguments]


def add_people(environment: dict[str, str]) -> None:
    """An account for each role that looks."""
    for role in sorted({who for _, who, _, _ in PICTURES}):
        words = _sohoa("users", "add", NAMES[role], "--role", role, "--password-file", "-")
        subprocess.run(words, env=environment, input=PASSWORD, text=True, check=True, capture_output=True)


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/login")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")


def take(page: Page, address: str, path: Path, way: tuple[str, ...]) -> None:
    """Follow the way and keep what is seen, in few colours: pages are nearly all white."""
    page.goto(f"{address}{way[0]}")
    for step in way[1:]:
        place = (
            page.locator(step) if re.match(r"[#\[a-z]+[\[#]|#", step) else page.get_by_role("link", name=step)
        )
        place.first.click()
        page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1200)  # a picture glides to its place
    page.screenshot(path=path)
    with Image.open(path) as shot:
        shot.convert("RGB").quantize(COLOURS).save(path, optimize=True)


def main() -> int:
    """Take every picture."""
    with tempfile.TemporaryDirectory() as room:
        home = Path(room) / "home"
        shutil.copytree(ROOT / "var" / "demo", home)
        environment = {
            **os.environ,
            "SOHOA_HOME": str(home),
            "SOHOA_ORCHESTRATOR": "plain",
            "PYTHONPATH": str(ROOT),
        }
        add_people(environment)
        with page_over(home, environment) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for name, who, height, way in PICTURES:
                page = browser.new_context(viewport={"width": WIDTH, "height": height}).new_page()
                sign_in(page, address, NAMES[who])
                take(page, address, IMAGES / f"{name}.png", way)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
