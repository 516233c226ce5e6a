"""Every character that is drawn has a shape in a shipped font, in the form its readers expect."""

import sys
import unicodedata
from functools import partial

import pytest
from PIL import ImageFont

from bot.translations import LOCALE_FOLDER
from cogs.reports.charts import text_metrics
from cogs.reports.charts.font_files import FOLDER, files_for
from cogs.reports.charts.renderer import ChartRenderer
from cogs.reports.charts.svg import FontStyle, draw_text, render_svg
from cogs.reports.charts.text_metrics import measure, strip_undrawable
from cogs.ui.i18n import speaking
from tests.harness.languages import speak_english


def drawable_letters() -> list[str]:
    """List the characters that the Latin font is asked for."""
    return [
        chr(code)
        for code in range(33, sys.maxunicode)
        if unicodedata.category(chr(code)) != "Cs" and text_metrics._INTER.match(chr(code))
    ]


@pytest.mark.parametrize("weight", ["Regular", "SemiBold"])
def test_the_latin_font_has_every_letter_that_is_drawn(weight: str) -> None:
    """A missing one would be drawn as nothing."""
    letters = drawable_letters()
    assert len(letters) > 1_000
    file = FOLDER / f"Inter-{weight}.otf"
    assert file.stat().st_size <= 150_000
    font = ImageFont.truetype(str(file), 20)
    assert [letter for letter in letters if not any(font.getmask(letter))] == []


def test_an_east_asian_font_has_every_character_that_is_listed() -> None:
    """Each in at least one of the three; a missing glyph looks like that of a private character."""
    fonts = [ImageFont.truetype(str(file), 20) for file in sorted(FOLDER.glob("Noto*.otf"))]
    absent = [bytes(font.getmask("\ue000")) for font in fonts]
    listed = (FOLDER / "east_asian.txt").read_text(encoding="utf-8")
    assert len(listed) > 7_000
    blank = set("\u3000")
    assert [
        char
        for char in set(listed) - blank
        if all(bytes(f.getmask(char)) == nothing for f, nothing in zip(fonts, absent, strict=True))
    ] == []


def test_every_language_can_be_drawn() -> None:
    """Whichever of its sentences is on a chart; emoji stand on messages only."""
    written = "".join(file.read_text(encoding="utf-8") for file in LOCALE_FOLDER.glob("*.po*"))
    letters = {char for char in written if unicodedata.category(char)[0] == "L"}
    assert [char for char in letters if not strip_undrawable(char)] == []


@pytest.mark.parametrize(
    ("language", "first"), [("ja", "jp"), ("ko", "kr"), ("zh", "sc"), ("de", "jp")]
)
def test_a_language_has_its_own_forms(language: str, first: str) -> None:
    """The Latin font is always asked first."""
    names = [file.name for file in files_for(language)]
    assert len(names) == 5
    assert names[0].startswith("Inter")
    assert names[2] == f"NotoSansCJK{first}-Regular.otf"


def test_a_text_is_as_wide_as_its_parts() -> None:
    """A Han character is as wide as it is high."""
    assert measure("漢字", "Regular") == pytest.approx(2)
    mixed = partial(measure, weight="SemiBold")
    assert mixed("aか한") == pytest.approx(mixed("a") + mixed("か") + mixed("한"))


async def test_japanese_and_chinese_forms_differ() -> None:
    """The same character is drawn as the language of the chart writes it."""
    speak_english()
    renderer = ChartRenderer()
    drawn = set[bytes]()
    for language in ("ja", "zh"):
        svg = render_svg(60, 40, [draw_text(5, 30, "直", FontStyle(size=30))])
        drawn.add(await renderer.render_png(svg.replace('xml:lang="en"', f'xml:lang="{language}"')))
    assert len(drawn) == 2
    with speaking("xx"):
        assert 'xml:lang="en"' in render_svg(1, 1, [])
