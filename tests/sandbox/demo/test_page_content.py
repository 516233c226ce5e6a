"""What the demo adds to the page: a welcome, and a look backstage."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.demo.discord import DemoDiscord
from sandbox.demo.page_content import Example, Welcome
from sandbox.discord import ClientActionRefused
from tests.harness.page_client import PageClient, open_page

PICTURES = Path("sandbox/demo/pictures")


class Counter:
    """A backstage with one figure, which a button raises."""

    def __init__(self) -> None:
        self.count = 0
        self.asked = 0

    async def panels(self) -> list[dict[str, Any]]:
        self.asked += 1
        figures = [{"label": "Count", "value": str(self.count)}]
        return [{"id": "counter", "title": "Counter", "kind": "figures", "figures": figures}]

    async def use_control(self, panel: str, control: str, value: object) -> None:
        if (panel, control) != ("counter", "raise") or value is not True:
            raise ClientActionRefused("there is no such button")
        self.count += 1


async def shows(page: PageClient, count: str) -> None:
    await page.until(lambda: page.panels and page.panels[0]["figures"][0]["value"] == count)


async def test_the_welcome_is_told_with_its_pictures(
    fake_discord: DemoDiscord, tmp_path: Path
) -> None:
    """Each file has an address, also two of one name; no other file has one."""
    other = tmp_path / "lake.jpg"
    other.write_bytes(b"another lake")
    example = Example(
        "A lake", "wakes up", "animate", {"prompt": "calm"}, {"image": other}, PICTURES / "lake.jpg"
    )
    async with open_page(fake_discord) as page:
        assert not page.world["welcome"]
        fake_discord.welcome = Welcome("Hello.", [example, Example("No file", "text", "video")])
        await page.until(lambda: page.world["welcome"])
        told: dict[str, Any] = page.world["welcome"]
        assert told["line"] == "Hello."
        first, second = told["examples"]
        assert (first["command"], first["options"]) == ("animate", {"prompt": "calm"})
        assert await page.get(first["files"]["image"]["url"]) == (200, b"another lake")
        assert first["files"]["image"]["name"] == "lake.jpg"
        assert await page.get(first["picture"]) == (200, (PICTURES / "lake.jpg").read_bytes())
        assert (second["picture"], second["files"]) == (None, {})
        for name in ("lake.jpg", "0-lake.png", "..%2flake.jpg", "2-lake.jpg"):
            assert (await page.get(f"/_page/pictures/{name}"))[0] == 404


async def test_backstage_is_told_while_someone_looks(fake_discord: DemoDiscord) -> None:
    """Only then, only when it changed, and once for all who look."""
    ada, videos = fake_discord.member("Ada"), fake_discord.channel("videos")
    fake_discord.backstage = counter = Counter()
    async with open_page(fake_discord) as page, open_page(fake_discord) as other:
        await page.until(lambda: page.world["backstage"])
        await page.go_to(ada, videos)
        assert counter.asked == 0
        await page.go_to(ada, videos, backstage=True)
        await other.go_to(ada, videos, backstage=True)
        for one in (page, other):
            await shows(one, "0")
        await page.act_ok(do="backstage", panel="counter", control="raise", value=True)
        for one in (page, other):
            await shows(one, "1")
            assert len([frame for frame in one.frames if frame["type"] == "backstage"]) == 2


@pytest.mark.parametrize(
    "order",
    [
        {"panel": "counter", "control": "raise", "value": "yes"},
        {"panel": "counter", "control": "lower", "value": True},
        {"panel": [], "control": {}, "value": None},
        {},
    ],
)
async def test_a_control_that_is_not_there_is_refused(
    fake_discord: DemoDiscord, order: dict[str, Any]
) -> None:
    """Whatever the page sends; and everything, where there is nothing backstage."""
    async with open_page(fake_discord) as page:
        assert await page.act_refused(do="backstage", **order) == "there is nothing backstage"
        fake_discord.backstage = counter = Counter()
        assert await page.act_refused(do="backstage", **order)
        assert counter.count == 0
