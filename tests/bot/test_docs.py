"""The documentation says what the code does: its prices are charged, its links lead somewhere."""

import ast
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
    named |= set(re.findall(r'_(?:simple|shared)\(\s*"(\w+)"', sources))
    table = (ROOT / "docs" / "operating.md").read_text()
    listed = re.findall(r"^\| `dailies_(\w+)` \|", table, re.MULTILINE)
    assert len(listed) == len(set(listed)) > 15
    dollars = set(re.findall(r'_dollars\(\s*"(\w+)"', sources))
    assert {name.removesuffix("_total").removesuffix("_info") for name in listed} == (
        named | {f"{name}_usd" for name in dollars}
    )
    for name in dollars:
        assert f"`dailies_{name}_micro`" in table


def test_every_log_event_that_warns_is_explained():
    """Those of level warning and above, under "Log events" in docs/operating.md, and no others."""
    events = {
        event
        for room in ("apixo", "bot", "cogs", "domain", "storage", "workflow")
        for path in (ROOT / room).rglob("*.py")
        for event in warnings_in(path)
    }
    page = (ROOT / "docs" / "operating.md").read_text()
    section = page.partition("\n## Log events\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    assert len(events) > 20
    assert sorted(listed) == sorted(events)


def warnings_in(path: Path) -> list[str]:
    """List the events that a module logs at level warning and above."""
    return [
        str(first.value)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) in ("_log", "log")
        and node.func.attr in ("warning", "error", "exception", "critical")
        for first in node.args[:1]
        if isinstance(first, ast.Constant)
    ]
