"""The stand-in runs alone, with the demo's page too, and is told to end by a signal."""

import asyncio
import signal
import sys

import aiohttp
import pytest


@pytest.mark.parametrize("program", ["sandbox.discord", "sandbox.demo"])
async def test_it_says_where_it_is_and_ends_cleanly(program: str) -> None:
    """The lines that it prints are settings that a bot takes; Ctrl-C ends it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", program, "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    settings: dict[str, str] = {}
    async with asyncio.timeout(120):
        while "DISCORD_TOKEN" not in settings:
            name, _, value = (await process.stdout.readline()).decode().strip().partition("=")
            settings[name] = value
        headers = {"Authorization": f"Bot {settings['DISCORD_TOKEN']}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            async with session.get(f"{settings['DISCORD_API_URL']}/users/@me") as answer:
                assert (await answer.json())["bot"]
            async with session.ws_connect(settings["DISCORD_GATEWAY_URL"]) as socket:
                assert (await socket.receive_json())["op"] == 10
        process.send_signal(signal.SIGINT)
        await process.communicate()
    assert process.returncode == 0
