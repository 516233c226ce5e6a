"""The documentation says what the code does: its prices are charged, its links lead somewhere."""

import re
import tomllib
from pathlib import Path

import pytest

from domain.models import MODELS
from domain.pricing import quote_options

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_price_table_is_the_one_that_prices():
    """Each row of docs/money.md: mills per second, silent and with sound."""
    text = (ROOT / "docs" / "money.md").read_text()
    expected = {
        (model.label, str(resolution), *mills)
        for model in MODELS.values()
        for resolution in model.resolutions
        for mills in [
            tuple(
                quote_options(model.id, resolution, seconds=4, sound=sound).mills_per_second
                for sound in (False, True)
            )
        ]
    }
    rows = re.findall(r"^\| (Seedance [^|]+) \| (\d+p) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert {(label, size, int(a), int(b)) for label, size, a, b in rows} == expected


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_in_the_documentation_leads_somewhere(page: Path):
    """Links to files of the repository name files that exist."""
    links = re.findall(r"\]\(([^)#{]+)\)", page.read_text())
    missing = [
        link for link in links if "://" not in link and not (page.parent / link).resolve().exists()
    ]
    assert missing == []


def test_every_script_that_the_readme_names_exists():
    """`scripts/demo` and the others can be run."""
    for name in re.findall(r"^(scripts/\w+)", (ROOT / "README.md").read_text(), re.MULTILINE):
        assert (ROOT / name).stat().st_mode & 0o111


def test_the_image_holds_every_room():
    """A new package that the Dockerfile forgets would be missing only in service."""
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rooms = packages["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert sorted(copied) == sorted(rooms)


def test_every_metric_is_in_the_table():
    """By the name under which Prometheus has it."""
    sources = (ROOT / "bot" / "web" / "metrics.py").read_text()
    named = set(re.findall(r'"dailies_(\w+)"', sources))
    named |= set(re.findall(r'_simple\(\s*"(\w+)"', sources))
    table = (ROOT / "docs" / "operating.md").read_text()
    listed = re.findall(r"^\| `dailies_(\w+)` \|", table, re.MULTILINE)
    assert len(listed) == len(set(listed)) > 15
    assert {name.removesuffix("_total") for name in listed} == named
