"""What a failed request to Discord means, tried against real answers."""

from collections.abc import AsyncIterator

import pytest

from tests.harness.stock_client import discord, pointed_library

# isort: split
from bot.rest_failures import describe_failure, is_refusal, requested_pause_s
from sandbox.discord import FakeDiscord, Fault

HTML = b"<html>secret words</html>"


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as opened:
        yield opened


@pytest.mark.parametrize(
    ("fault", "is_final", "pause_s", "words"),
    [
        (Fault(status=400, code=50035), True, 0, "HTTP 400, code 50035"),
        (Fault(status=401), True, 0, "HTTP 401"),
        (Fault(status=403, code=50001), True, 0, "HTTP 403, code 50001"),
        (Fault(status=404, code=10002), True, 0, "HTTP 404, code 10002"),
        (Fault(status=400, raw=HTML), False, 0, "HTTP 400"),
        (Fault(status=401, raw=HTML), False, 0, "HTTP 401"),
        (Fault(status=403, raw=HTML), False, 0, "HTTP 403"),
        (Fault(status=404, raw=HTML), False, 0, "HTTP 404"),
        (Fault(status=429, raw=HTML), False, 0, "HTTP 429"),
        (Fault(status=429, retry_after=900), False, 900, "RateLimited"),
        (Fault(status=429, retry_after=10**7), False, 3_600, "RateLimited"),
        (Fault(status=503), False, 0, "HTTP 503"),
        (Fault(status=200, raw=HTML), False, 0, "an odd answer (TypeError)"),
    ],
)
async def test_only_discords_own_words_are_final(
    fake_discord: FakeDiscord, fault: Fault, is_final: bool, pause_s: float, words: str
):
    """Everything else passes; a wait that is asked for is kept to, an hour at most."""
    error = await _error(fake_discord, fault)
    refusal = error.__cause__ if isinstance(error, discord.LoginFailure) else error
    assert isinstance(refusal, Exception)
    assert is_refusal(refusal) is is_final
    assert requested_pause_s(refusal) == pause_s
    assert describe_failure(refusal) == words


async def test_a_server_out_of_reach_is_described(fake_discord: FakeDiscord):
    """Without an address that nobody asked about."""
    async with pointed_library(fake_discord):
        discord.http.Route.BASE = "http://127.0.0.1:9/api/v10"
        error = await _log_in(fake_discord)
    assert describe_failure(error) == "Discord's server cannot be reached"
    assert not is_refusal(error)


async def _error(fake_discord: FakeDiscord, fault: Fault) -> Exception:
    fake_discord.faults.add("GET", "/users/@me", fault)
    async with pointed_library(fake_discord):
        return await _log_in(fake_discord)


async def _log_in(fake_discord: FakeDiscord) -> Exception:
    client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=60)
    async with client:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is, it is looked at
            await client.login(fake_discord.token)
    return caught.value
