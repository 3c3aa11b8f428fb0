"""HTML pages of this room: their templates, and how they are written."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from engines.private_files import whole_file

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def template(name: str) -> Template:
    """A template of `quality/templates/`; a name that is missing from what it is given is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only where a page is made

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def write_page(page: str, out: Path) -> Path:
    """Write a page whole or not at all, readable by its owner alone."""
    out.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with whole_file(out) as file:
        file.write(page.encode())
    return out
