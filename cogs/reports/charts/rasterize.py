"""Program that renders the SVG on standard input to PNG on standard output.

It runs in a confined process: the library holds Python's global lock while it draws, so in the
service it would delay every member for as long as one chart takes.
"""

import re
import sys

import resvg_py

from cogs.reports.charts.font_files import files_for

_LANGUAGE = re.compile(r'xml:lang="(\w+)"')


def main() -> None:
    """Render at three times the size, for screens of high density."""
    svg = sys.stdin.buffer.read().decode()
    language = _LANGUAGE.search(svg)
    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=3,
        # The same chart on every machine, independent of its fonts.
        skip_system_fonts=True,
        font_files=[str(file) for file in files_for(language[1] if language else "")],
        font_family="Inter",
    )
    sys.stdout.buffer.write(bytes(png))
