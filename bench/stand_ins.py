"""Both stand-ins as a process of their own, so that their work is not measured as ours.

Prints one line of JSON: the settings that a service needs to meet them, and where to post. Its
argument says how much faster than APIXO it makes videos.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.discord import DiscordConfig, FakeDiscord

_SPEED: Final = 500.0
_MANY: Final = 1_000


@asynccontextmanager
async def run_stand_ins(speed: float = _SPEED) -> AsyncGenerator[dict[str, Any]]:
    """Run them while the context is open, and give `settings` and `place`."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.stand_ins", str(speed)), stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None, "it was asked for"
    assert process.stdout is not None, "it was asked for"
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def main(speed: float) -> None:
    """Serve until standard input ends."""
    apixo_options = ApixoConfig(clips="tiny", time_scale=speed)
    discord_options = DiscordConfig(sends_per_window=_MANY, requests_per_second=_MANY)
    async with FakeApixo(apixo_options) as apixo, FakeDiscord(discord_options) as discord:
        settings = {
            "apixo_api_key": apixo.key,
            "apixo_base_url": apixo.base_url,
            "discord_api_url": discord.api_url,
            "discord_gateway_url": discord.gateway_url,
            "discord_token": discord.token,
            "time_scale": speed,
        }
        channel = discord.channel("videos", "Big Screen")
        assert channel.guild is not None, "a server's channel"
        place = {
            "guild_id": channel.guild.id,
            "channel_id": channel.id,
            "user_id": discord.member("Ada", "Big Screen").id,
        }
        print(json.dumps({"settings": settings, "place": place}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
