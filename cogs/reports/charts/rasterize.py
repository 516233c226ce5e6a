"""Program that renders the SVG on standard input to PNG on standard output.

It runs in a confined process: the library holds Python's global lock while it draws, so in the
service it would delay every member for as long as one chart takes.
"""

import sys
from pathlib import Path

import resvg_py

FONTS = Path(__file__).parent / "fonts"


def main() -> None:
    """Render at twice the size, for screens of high density."""
    png = resvg_py.svg_to_bytes(
        svg_string=sys.stdin.buffer.read().decode(),
        zoom=2,
        # The same chart on every machine, independent of its fonts.
        skip_system_fonts=True,
        font_files=[str(file) for file in sorted(FONTS.glob("*.otf"))],
        font_family="Inter",
    )
    sys.stdout.buffer.write(bytes(png))
