"""Images whose data each viewer fills in as it likes: the PDF/A must show one picture in all of them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

from benchmarks.fidelity import compare


def test_fax_data_with_a_fault_show_one_picture_in_every_viewer(tmp_path: Path) -> None:
    page = Image.new("1", (400, 600), 1)
    ImageDraw.Draw(page).text((20, 20), "Giay phep " * 3, fill=0, font_size=60)
    ImageDraw.Draw(page).ellipse((100, 150, 350, 550), outline=0, width=9)
    path = tmp_path / "a.tif"
    page.save(path, compression="group4", dpi=(100, 100))
    sound = compare(str(path), "a", str(tmp_path / "sound.pdf"), 1)["pages"][0]
    assert (sound["state"], sound["how"]) == ("same", [])
    with Image.open(path) as image:
        start, length = image.tag_v2[273][0], image.tag_v2[279][0]  # type: ignore[attr-defined]
    damaged = bytearray(path.read_bytes())
    for at in range(start + length // 3, start + length // 3 + 8):
        damaged[at] ^= 0x5A
    path.write_bytes(damaged)
    told = compare(str(path), "a", str(tmp_path / "a.pdf"), 1)["pages"][0]
    assert told["state"] == "same", told
    assert told["how"] == ["stream_reencoded"]


def test_a_sample_beyond_the_palette_is_black_in_every_viewer(tmp_path: Path) -> None:
    image = Image.new("P", (64, 64))
    image.putpalette([200, 30, 30, 30, 200, 30, 30, 30, 200, 90, 90, 0])
    image.paste(1, (0, 0, 32, 64))
    image.paste(9, (20, 20, 64, 64))
    path = tmp_path / "a.bmp"
    image.save(path)
    data = bytearray(path.read_bytes())
    entries = int.from_bytes(data[46:50], "little")
    if entries > 4:  # a palette as short as BMP allows
        offset = int.from_bytes(data[10:14], "little")
        data[46:50] = (4).to_bytes(4, "little")
        data[10:14] = (54 + 16).to_bytes(4, "little")
        data[70:offset] = b""
    path.write_bytes(data)
    assert compare(str(path), "a", str(tmp_path / "a.pdf"), 1)["pages"][0]["state"] == "same"
