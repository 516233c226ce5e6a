"""CPU time of a command up to its deferral, against a bare discord.py command.

Both commands have the same options. Both are given the same interaction, as the gateway's parser
makes it, and are stopped where discord.py hands the deferral to HTTP. Our cog has neither database
nor network here: touching one before the deferral would end the measurement with an error.
"""

import asyncio
import statistics
import time
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands
from discord.webhook.async_ import async_context

from bench.figures import Figure, report, scaled
from cogs.generation.cog import GenerationCog
from cogs.ui.interactions import InteractionTracker

_WARM_UP = 300
_ROUNDS = 60
_IN_A_ROUND = 50

_GUILD, _CHANNEL, _ADA, _PICTURE, _APP = "11", "12", "13", "14", "15"


def measure(share: float = 1) -> bool:
    """Print the ratio."""
    ours, bare = asyncio.run(_both(share))
    ratio = Figure("CPU, ours / bare discord.py", ours / bare, 2)
    return report(f"A command up to its deferral (bare: {bare * 1e6:.0f} µs)", [ratio])


class _Deferred(BaseException):
    """Ends a command at its deferral."""


class _Wire:
    """Takes the place of discord.py's HTTP client, at the deferral."""

    def create_interaction_response(self, *_: object, **__: object) -> Any:
        """Go no further."""
        raise _Deferred


class _Bare(commands.Cog):
    @app_commands.command()
    async def animate(  # noqa: PLR0913 - Discord's options are arguments
        self,
        interaction: discord.Interaction[Any],
        image: discord.Attachment,
        prompt: str,
        last_image: discord.Attachment | None = None,
        model: str | None = None,
        duration: app_commands.Range[int, 4, 15] | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        sound: bool | None = None,
        fixed_lens: bool | None = None,
        web_search: bool | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)


async def _both(share: float) -> tuple[float, float]:
    async_context.set(cast("Any", _Wire()))
    nothing = cast("Any", None)
    ours = _bot(GenerationCog(InteractionTracker(), nothing, nothing, nothing))
    bare = _bot(_Bare())
    for bot in (ours, bare):
        await _cpu_seconds(bot, scaled(_WARM_UP, share))
    rounds = [
        (await _cpu_seconds(ours, _IN_A_ROUND), await _cpu_seconds(bare, _IN_A_ROUND))
        for _ in range(scaled(_ROUNDS, share))
    ]
    return statistics.median(a for a, _ in rounds), statistics.median(b for _, b in rounds)


def _bot(cog: commands.Cog) -> commands.Bot:
    bot = commands.Bot("!", intents=discord.Intents(guilds=True))
    state = cast("Any", bot)._connection
    state.user = discord.ClientUser(state=state, data=cast("Any", _user(_APP)))
    for command in cog.get_app_commands():
        bot.tree.add_command(command)
    return bot


async def _cpu_seconds(bot: commands.Bot, times: int) -> float:
    """Return the CPU seconds of one command, of `times` in a row."""
    state, tree = cast("Any", bot)._connection, cast("Any", bot.tree)
    began = time.process_time()
    for number in range(times):
        interaction = discord.Interaction[Any](data=cast("Any", _payload(number)), state=state)
        try:
            await tree._call(interaction)
        except _Deferred:
            continue
        raise AssertionError("the command did not defer")
    return (time.process_time() - began) / times


def _user(user_id: str) -> dict[str, Any]:
    names = {"username": "ada", "global_name": "Ada", "discriminator": "0"}
    return {"id": user_id, "avatar": None, **names}


def _payload(number: int) -> dict[str, Any]:
    """Write what the gateway sends for `/animate` with a picture."""
    options = [
        {"name": "image", "type": 11, "value": _PICTURE},
        {"name": "prompt", "type": 3, "value": "the lake begins to move in the evening wind"},
        {"name": "model", "type": 3, "value": "seedance-1-5-pro"},
        {"name": "duration", "type": 4, "value": 8},
    ]
    return {
        "id": str(1_000_000 + number),
        "application_id": _APP,
        "type": 2,
        "token": "token",
        "version": 1,
        "locale": "en-US",
        "guild_locale": "en-US",
        "guild_id": _GUILD,
        "channel_id": _CHANNEL,
        "guild": {"id": _GUILD, "locale": "en-US", "features": []},
        "channel": _channel(),
        "member": _member(),
        "app_permissions": "2147483647",
        "attachment_size_limit": 10_485_760,
        "entitlements": [],
        "authorizing_integration_owners": {"0": _GUILD},
        "context": 0,
        "data": {
            "id": "16",
            "name": "animate",
            "type": 1,
            "options": options,
            "resolved": {"attachments": {_PICTURE: _picture()}},
        },
    }


def _picture() -> dict[str, Any]:
    return {
        "id": _PICTURE,
        "filename": "lake.jpg",
        "size": 90_000,
        "url": "https://cdn.discordapp.com/ephemeral-attachments/1/2/lake.jpg",
        "proxy_url": "https://media.discordapp.net/ephemeral-attachments/1/2/lake.jpg",
        "content_type": "image/jpeg",
        "width": 1280,
        "height": 720,
    }


def _channel() -> dict[str, Any]:
    about = {"name": "videos", "topic": None, "nsfw": False, "position": 0, "parent_id": None}
    permissions = {"permissions": "2147483647"}
    return {"id": _CHANNEL, "type": 0, "guild_id": _GUILD, **about, **permissions}


def _member() -> dict[str, Any]:
    about: dict[str, Any] = {
        "nick": None,
        "roles": [],
        "joined_at": "2026-01-01T00:00:00+00:00",
        "flags": 0,
    }
    voice = {"deaf": False, "mute": False}
    return {"user": _user(_ADA), "permissions": "2147483647", **about, **voice}
