"""Odd input over real sockets and into real processes."""

from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from urllib.parse import quote

import aiohttp
from pydantic import SecretStr
from yarl import URL

from apixo.client import ApixoClient
from apixo.downloads import ResultDownloader
from bot.web.callbacks import CallbackEndpoint
from bot.web.server import serve
from qa.fuzz.attachments import random_file
from qa.fuzz.mutators import encode_json, mutate_json
from qa.fuzz.signed_urls import CALLBACK_URLS, FORGED_BODY, forged_token
from storage import jobs
from storage.database import Database
from storage.media import MediaFolder
from tests.harness.workflow import NO_LIMITS, FakePublisher
from workflow.context import Context, Policy
from workflow.media_probe.probe import ConfinedPlaybackCheck, MediaProbe
from workflow.media_probe.types import UnusableMedia
from workflow.urls.callback_urls import CALLBACK_PATH

_REFUSALS = frozenset({400, 401, 404, 405, 413, 429})


async def send_forged_callbacks(seed: int, count: int) -> Counter[str]:
    """Call the service's endpoint back under forged addresses; nothing may be acknowledged."""
    dice = Random(f"{seed}/http")  # noqa: S311 - repeatable
    outcomes = Counter[str]()
    with TemporaryDirectory() as folder:
        async with await Database.open(f"sqlite:///{folder}/dailies.db") as database:
            await database.migrate()
            heard = list[str]()
            endpoint = CallbackEndpoint(
                _context(database, Path(folder)), CALLBACK_URLS, lambda: None, heard.append
            )
            async with (
                serve("127.0.0.1", 0, endpoint.routes()) as port,
                aiohttp.ClientSession() as session,
            ):
                for _ in range(count):
                    path = quote(forged_token(dice), safe="", errors="replace")
                    url = URL(f"http://127.0.0.1:{port}{CALLBACK_PATH}{path}", encoded=True)
                    body = encode_json(mutate_json(FORGED_BODY, dice), dice)
                    async with session.post(url, data=body) as answer:
                        assert answer.status in _REFUSALS, (answer.status, url)
                    outcomes["refused"] += 1
            assert set(heard) <= {"forged", "too many"}
            assert await database.read(jobs.count_by_state) == {}
    return outcomes


async def probe_random_files(seed: int, count: int) -> Counter[str]:
    """Have odd files looked into where the service does it; each is something, or refused."""
    dice, inspector = Random(f"{seed}/files"), MediaProbe()  # noqa: S311 - repeatable
    outcomes = Counter[str]()
    for _ in range(count):
        try:
            await inspector.inspect(*random_file(dice))
        except UnusableMedia:
            outcomes["refused"] += 1
        else:
            outcomes["taken"] += 1
    return outcomes


def _context(database: Database, folder: Path) -> Context:
    return Context(
        database=database,
        apixo=ApixoClient("http://127.0.0.1:9", SecretStr("key")),
        results=ResultDownloader(("apixo.ai",)),
        media=MediaFolder(folder / "media"),
        playback=ConfinedPlaybackCheck(),
        publisher=FakePublisher(),
        policy=Policy(limits=NO_LIMITS, max_tasks=1),
        now_ms=lambda: 0,
        random=Random(1),  # noqa: S311 - jitter
    )
