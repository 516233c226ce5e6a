"""The fake of Discord with the page on which a person can use it."""

import time
from collections.abc import Callable, Iterable

from aiohttp import web

from sandbox.demo.page import Page
from sandbox.demo.page_content import Backstage, PageContent, Welcome
from sandbox.discord.config import DiscordConfig
from sandbox.discord.server import FakeDiscord


class DemoDiscord(FakeDiscord):
    """Serves the page at `page_url`, besides all that the fake serves."""

    def __init__(
        self, options: DiscordConfig | None = None, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(options, now)
        self._stage = PageContent()
        self._page: Page | None = None

    @property
    def page_url(self) -> str:
        """Give the page's address, known once the context is open."""
        return self.root_url

    @property
    def backstage(self) -> Backstage | None:
        """Give what the page shows of what happens behind the bot; may be set at any time."""
        return self._stage.backstage

    @backstage.setter
    def backstage(self, backstage: Backstage | None) -> None:
        self._stage.backstage = backstage
        self.world.changes.notify()

    @property
    def welcome(self) -> Welcome | None:
        """Give what the page says to newcomers; may be set at any time."""
        return self._stage.welcome

    @welcome.setter
    def welcome(self, welcome: Welcome | None) -> None:
        self._stage.welcome = welcome
        self.world.changes.notify()

    def _more_routes(self) -> Iterable[web.RouteDef]:
        self._page = Page(self._rooms, self._stage)
        return self._page.routes()

    async def _close_connections(self) -> None:
        await super()._close_connections()
        if self._page is not None:
            await self._page.close()
