"""`python -m samples.contact_sheet DIR OUT.png`: small pictures of all pages of a folder of scans."""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from samples import fonts

_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".pdf"}


def pages(path: Path, width: int) -> Iterator[Image.Image]:
    """Pages of a file as a viewer shows them, `width` pixels wide. PDFs go through Poppler's pdftoppm."""
    if path.suffix.lower() == ".pdf":
        with tempfile.TemporaryDirectory() as folder:
            command = [
                "pdftoppm",
                "-scale-to-x",
                str(width),
                "-scale-to-y",
                "-1",
                "-png",
                str(path),
                f"{folder}/p",
            ]
            subprocess.run(command, check=True, capture_output=True)
            for picture in sorted(Path(folder).iterdir()):
                with Image.open(picture) as image:
                    yield image.convert("RGB")
        return
    with Image.open(path) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            upright = (
                ImageOps.exif_transpose(image.convert("RGB")) if number else ImageOps.exif_transpose(image)
            )
            shown = upright.convert("RGB")
            yield shown.resize(
                (width, round(shown.height * width / shown.width)), Image.Resampling.BOX, reducing_gap=2
            )


def contact_sheet(folder: Path, out: Path, width: int = 300, columns: int = 6, limit: int = 60) -> int:
    """Draw the sheet; returns how many pages it shows."""
    small: list[tuple[str, Image.Image]] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES and len(small) < limit:
            small += [(str(path.relative_to(folder)), page) for page in pages(path, width)]
    small = small[:limit]
    tall = max((image.height for _, image in small), default=0)
    rows = -(-len(small) // columns)
    sheet = Image.new("RGB", (columns * (width + 10) + 10, rows * (tall + 30) + 10), (96, 100, 106))
    pen, font = ImageDraw.Draw(sheet), fonts.styled("sans", 13, False, False)
    for index, (name, image) in enumerate(small):
        x, y = 10 + index % columns * (width + 10), 10 + index // columns * (tall + 30)
        sheet.paste(image, (x, y))
        pen.text((x, y + tall + 4), name[-44:], fill=(255, 255, 255), font=font)
    out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(out)
    return len(small)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m samples.contact_sheet", description="Small pictures of all pages."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=300, help="width of a page in pixels (default 300)")
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--limit", type=int, default=60, help="most pages shown (default 60)")
    given = parser.parse_args(arguments)
    shown = contact_sheet(given.folder, given.out, given.width, given.columns, given.limit)
    print(f"{shown} pages in {given.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
