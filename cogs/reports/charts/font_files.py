"""The shipped font files.

Han characters have one code and a form for each language, so the language of a chart decides.
"""

from pathlib import Path
from types import MappingProxyType
from typing import Final

FOLDER: Final = Path(__file__).parent / "fonts"

_FORMS: Final = MappingProxyType({"ja": "jp", "ko": "kr", "zh": "sc"})
"""By language, the font with the forms that its readers expect."""


def files_for(language: str) -> list[Path]:
    """Return the files in the order in which they are asked for a character."""
    expected = f"CJK{_FORMS.get(language, 'jp')}-"
    east_asian = sorted(FOLDER.glob("NotoSansCJK*.otf"))
    return [
        *sorted(FOLDER.glob("Inter-*.otf")),
        *sorted(east_asian, key=lambda file: expected not in file.name),
    ]
