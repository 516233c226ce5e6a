"""Stand-ins and page answer this machine alone: no other site by way of a browser."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from sandbox.apixo import FakeApixo
from sandbox.demo.discord import DemoDiscord
from sandbox.local_access import exposure, is_same_origin, reachable

PATHS = (
    ("discord", "GET", ""),
    ("discord", "GET", "_page/client/main.js"),
    ("discord", "GET", "_page/pictures/0-lake.jpg"),
    ("discord", "GET", "_page/socket"),
    ("discord", "POST", "_page/do"),
    ("discord", "GET", "gateway"),
    ("discord", "GET", "gateway/?v=10&encoding=json"),
    ("discord", "GET", "api/v10/users/@me"),
    ("discord", "POST", "api/v10/interactions/1/x/callback"),
    ("discord", "GET", "cdn/attachments/1/2/lake.jpg"),
    ("discord", "GET", "nowhere"),
    ("apixo", "GET", "api/v1/balance"),
    ("apixo", "POST", "api/v1/generateTask/seedance-2-0"),
    ("apixo", "GET", "files/x.mp4"),
    ("apixo", "GET", "_sandbox/journal"),
    ("apixo", "POST", "_sandbox/balance"),
    ("apixo", "GET", "nowhere"),
)


FOREIGN = (
    {"Host": "evil.example"},
    {"Host": "192.168.1.5"},
    {"Host": "127.0.0.1:port"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://[broken"},
)


@pytest.fixture
async def asked() -> AsyncIterator[Callable[[dict[str, str]], Awaitable[set[int]]]]:
    """Ask for every path of every listener with token and key, and give what came."""
    async with DemoDiscord() as discord, FakeApixo() as apixo, aiohttp.ClientSession() as session:
        roots = {"discord": discord.root_url, "apixo": apixo.base_url.removesuffix("api/v1")}
        granted = {"discord": f"Bot {discord.token}", "apixo": f"Bearer {apixo.key}"}

        async def ask(listener: str, method: str, path: str, headers: dict[str, str]) -> int:
            headers = {"Authorization": granted[listener], **headers}
            async with session.request(method, roots[listener] + path, headers=headers) as answer:
                return answer.status

        async def ask_all(headers: dict[str, str]) -> set[int]:
            return {await ask(*path, headers) for path in PATHS}

        yield ask_all


async def test_another_site_gets_nothing(
    asked: Callable[[dict[str, str]], Awaitable[set[int]]],
) -> None:
    """Neither under another name for this machine nor from another origin, token or not."""
    for headers in FOREIGN:
        assert await asked(headers) == {403}, headers
    assert 403 not in await asked({})


async def test_no_run_takes_the_token_and_key_of_another() -> None:
    """They are not to be read in the source."""
    assert DemoDiscord().token != DemoDiscord().token
    assert FakeApixo().key != FakeApixo().key
    assert min(len(DemoDiscord().token), len(FakeApixo().key)) >= 40


@pytest.mark.parametrize(
    ("listens_on", "host", "allowed"),
    [
        ("127.0.0.1", "localhost:9000", True),
        ("127.0.0.1", "[::1]:9000", True),
        ("127.0.0.1", "10.0.0.5:9000", False),
        ("0.0.0.0", "10.0.0.5:9000", True),  # noqa: S104
        ("0.0.0.0", "localhost:9000", True),  # noqa: S104
        ("0.0.0.0", "evil.example:9000", False),  # noqa: S104
        ("::", "[fd00::5]:9000", True),
        ("studio.local", "studio.local:9000", True),
        ("studio.local", "evil.example:9000", False),
    ],
)
def test_listening_elsewhere_opens_the_page_to_addresses_but_no_foreign_names(
    listens_on: str, host: str, allowed: bool
) -> None:
    """A name could be made to mean this machine by its owner; an address cannot."""
    assert is_same_origin(host, None, listens_on) is allowed
    assert is_same_origin(host, f"http://{host}", listens_on) is allowed
    assert not is_same_origin(host, "http://evil.example", listens_on)


def test_listening_elsewhere_is_warned_of() -> None:
    """Not for loopback; and a bot is told an address that it can connect to."""
    assert exposure("127.0.0.1") is None
    assert "no password" in (exposure("0.0.0.0") or "")  # noqa: S104
    assert reachable("0.0.0.0") == "127.0.0.1"  # noqa: S104
    assert reachable("10.0.0.5") == "10.0.0.5"
