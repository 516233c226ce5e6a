"""Turns the SVG on standard input into the PNG on standard output, with the font beside it.

It runs in a confined process: the library keeps Python's lock while it draws, so in the service it
would hold up every member for as long as one picture takes.
"""

import sys
from pathlib import Path

import resvg_py

FONTS = Path(__file__).parent / "fonts"


def main() -> None:
    """Draw at twice the size: what Discord shows on a screen of high density."""
    png = resvg_py.svg_to_bytes(
        svg_string=sys.stdin.buffer.read().decode(),
        zoom=2,
        # The same picture on every machine, whatever fonts it has.
        skip_system_fonts=True,
        font_files=[str(file) for file in sorted(FONTS.glob("*.otf"))],
        font_family="Inter",
    )
    sys.stdout.buffer.write(bytes(png))
