"""How long one member waits for an answer while sixty *Extend* of another one are refused.

The service is a process of its own, against stand-ins in this one.
"""

import asyncio
import io
import time
from typing import Final

from PIL import Image

from bench.bots import OURS, MeasuredBot, run_bot
from bench.figures import Figure, report, scaled
from sandbox.discord import Interaction, MemberClient, Upload

_PILE: Final = 60
_TIME_SCALE: Final = 40.0
_ONE_VIDEO_USD: Final = "0.30"
"""Enough for one video, and not for the next."""


def measure(share: float = 1) -> bool:
    """Print how much longer the answer takes than without the pile."""
    alone_s, behind_s = asyncio.run(_both(scaled(_PILE, share)))
    later = Figure("longer behind them than alone", max(0.0, behind_s - alone_s), 3, " s")
    return report(f"An /animate behind 60 refused Extend ({alone_s:.2f} s alone)", [later])


async def _both(pile: int) -> tuple[float, float]:
    async with run_bot(OURS, _TIME_SCALE, member_daily_usd=_ONE_VIDEO_USD) as bot:
        ada, ben, olga = (bot.discord.member(name) for name in ("Ada", "Ben", "Olga"))
        await bot.make_video()
        alone_s = await _answer_s(bot, olga)
        form = await _open_extend(bot, ada)
        refused = [await _submitted(ada, form, number) for number in range(pile)]
        behind_s = await _answer_s(bot, ben)
        for each in refused:
            answer = await each.until_answered()
            assert "limit" in answer.text, answer.text
    return alone_s, behind_s


async def _answer_s(bot: MeasuredBot, person: MemberClient) -> float:
    options = {"prompt": "the lake at dusk", "image": Upload("lake.png", _picture())}
    began_s = time.monotonic()
    command = await person.run_command(bot.discord.channel("videos"), "animate", options)
    await command.until_answered()
    return time.monotonic() - began_s


async def _open_extend(bot: MeasuredBot, person: MemberClient) -> Interaction:
    messages = bot.discord.channel("videos").messages
    (film,) = [message for message in messages if message.attachments]
    form = await (await person.click(film, "Extend")).until_answered()
    assert form.modal is not None, form.text
    return form


async def _submitted(person: MemberClient, form: Interaction, number: int) -> Interaction:
    """Submit a form as if it had been opened once more."""
    assert form.modal is not None, "it was opened"
    opened = 10**17 + number
    form.modal["custom_id"] = form.modal["custom_id"].rpartition(":")[0] + f":{opened}"
    return await person.submit_modal(form, {"prompt": "it rains"})


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 360), "teal").save(out, "PNG")
    return out.getvalue()
