"""The real bot with all its parts beside both stand-ins; it can be stopped and started again."""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from pydantic import SecretStr

from apixo.client import ApixoClient
from apixo.downloads import ResultDownloader
from bot.app import build_cogs
from bot.client import DailiesBot
from cogs.generation.attachments import AttachmentLoader
from cogs.publishing.ephemeral_replies import TOKEN_MINUTES, EphemeralReplies, PrivateReply
from cogs.publishing.languages import MessageLanguages
from cogs.publishing.places import Places
from cogs.publishing.publisher import DiscordPublisher
from cogs.ui.acknowledgements import SharedInteractions
from domain.jobs import JobState
from sandbox.apixo import FakeApixo
from sandbox.demo.job_posts import is_post, job_id_in
from sandbox.discord import Channel, FakeDiscord, Interaction, MemberClient, Message
from sandbox.discord.models import walk_components
from storage import billing, jobs
from storage.database import Database
from storage.jobs import Job
from storage.key_value import KeyValueStore
from storage.media import MediaFolder
from tests.harness.playback import MemoizedPlaybackCheck
from tests.harness.sole_shard import sole_shard
from tests.harness.stock_client import pointed_library
from tests.harness.workflow import NO_LIMITS
from workflow.context import Context, PlaybackCheck, Policy
from workflow.guilds.settings import read_language
from workflow.pending_interactions import PendingStore
from workflow.private_answers import KeptAnswer, PrivateAnswers
from workflow.token_cipher import TokenCipher
from workflow.video_tools.tools import ConfinedVideoTools
from workflow.worker import Worker

_PATIENCE_S = 120


@dataclass
class BotHarness:
    """A service in this process; `ahead_ms` sets its clock ahead of the stand-ins'.

    `tokens_ahead_ms` is how much sooner it takes an interaction's token for dead.
    """

    discord: FakeDiscord
    apixo: FakeApixo
    database: Database
    folder: Path
    policy: Policy = field(default_factory=lambda: Policy(limits=NO_LIMITS, max_tasks=5))
    clock_offset_ms: int = 0
    token_clock_offset_ms: int = 0
    token_secret: str = "the bot's token"
    playback: PlaybackCheck = field(default_factory=MemoizedPlaybackCheck)
    video_tools: ConfinedVideoTools | None = field(default_factory=ConfinedVideoTools)
    dropped: Counter[str] = field(default_factory=Counter[str])
    shared: SharedInteractions = field(default_factory=SharedInteractions)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        """Start the bot, and wait until it takes commands."""
        stack = self._stack = AsyncExitStack()
        self.bot = await self._build(stack)
        await stack.enter_async_context(pointed_library(self.discord))
        task = asyncio.create_task(self.bot.start(self.discord.token))
        stack.push_async_callback(asyncio.gather, task, return_exceptions=True)
        stack.push_async_callback(self.bot.close)
        ready = asyncio.create_task(self.discord.wait_for_commands({"video", "animate"}))
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            ready.cancel()
            task.result()
        await ready

    async def stop(self) -> None:
        """Stop the bot in order."""
        await self._stack.aclose()

    async def restart(self) -> None:
        """Put a new process in the place of the old one."""
        await self.stop()
        await self.start()

    async def order_video(self, person: MemberClient, name: str, options: dict[str, Any]) -> str:
        """Type a command that is accepted, and give its job's id."""
        typed = await person.run_command(self.channel, name, options)
        return job_id_in(await typed.until_answered())

    async def make_video(self, person: MemberClient, name: str, options: dict[str, Any]) -> Message:
        """Type a command, and wait until its video is there and its status message is gone."""
        job = await self.order_video(person, name, options)
        await self.wait_for_end(job)
        return await self.wait_for_result(job)

    async def wait_for_result(self, job: str) -> Message:
        """Wait for the message that carries a job's video."""
        return await self.channel.wait_for(
            lambda message: any(file.filename == f"{job}.mp4" for file in message.attachments),
            within=_PATIENCE_S,
            awaited=f"the video of {job}",
        )

    async def wait_for_status(self, job: str, shows: str) -> Message:
        """Wait until a job's status message shows some words."""
        return await self.channel.wait_for(
            lambda message: is_post(message, job, "status") and shows in message.text,
            within=_PATIENCE_S,
            awaited=f"{shows!r} on {job}",
        )

    async def wait_for_end(self, job: str) -> None:
        """Wait until a job is delivered, and its status message gone, or what it stays as."""
        async with asyncio.timeout(_PATIENCE_S):
            while (await self.job(job)).status_shown is not JobState.DELIVERED:
                await asyncio.sleep(0.01)

    async def wait_for_state(self, job: str, state: JobState) -> Job:
        """Wait until a job has a state."""
        async with asyncio.timeout(_PATIENCE_S):
            while (found := await self.job(job)).state is not state:
                await asyncio.sleep(0.01)
        return found

    async def job(self, job: str) -> Job:
        """Read a job."""
        found = await self.database.read(lambda tx: jobs.get(tx, job))
        assert found is not None
        return found

    async def job_count(self) -> int:
        """Count the jobs."""
        return sum((await self.database.read(jobs.count_by_state)).values())

    async def ledger_kinds(self, job: str) -> list[str]:
        """List the kinds of a job's ledger rows."""
        return [
            row.kind for row in await self.database.read(lambda tx: billing.list_entries(tx, job))
        ]

    def submitted_inputs(self) -> list[dict[str, Any]]:
        """List the inputs of the submissions that reached APIXO."""
        return [entry.body["input"] for entry in self.apixo.journal.requests_to("/generateTask/")]

    @property
    def channel(self) -> Channel:
        """Give the channel in which everything happens."""
        return self.discord.channel("videos")

    def _count_dropped(self, reason: str) -> None:
        self.dropped[reason] += 1

    def _private_replies(self) -> PendingStore[PrivateReply]:
        def now_ms() -> int:
            return self.context.now_ms() + self.token_clock_offset_ms

        return PendingStore(self.database, now_ms, "private reply", PrivateReply, TOKEN_MINUTES)

    def _private_answers(self) -> PrivateAnswers:
        def now_ms() -> int:
            return self.context.now_ms() + self.token_clock_offset_ms

        kept = PendingStore(self.database, now_ms, "private answer", KeptAnswer, TOKEN_MINUTES)
        return PrivateAnswers(kept, TokenCipher(self.token_secret))

    async def _build(self, stack: AsyncExitStack) -> DailiesBot:
        client = ApixoClient(self.apixo.base_url, SecretStr(self.apixo.key))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        media = MediaFolder(self.folder / "media")
        loader = AttachmentLoader(session, self.discord.api_url)
        bot = DailiesBot(
            KeyValueStore(self.database),
            sole_shard(),
            count_dropped=self._count_dropped,
            shared=self.shared,
        )
        self.replies = EphemeralReplies(
            bot, self._private_replies(), TokenCipher(self.token_secret)
        )
        languages = MessageLanguages(Places(bot), partial(read_language, self.database))
        self.context = context = Context(
            database=self.database,
            apixo=await stack.enter_async_context(client),
            results=await stack.enter_async_context(ResultDownloader(("apixo.ai",), "127.0.0.1")),
            media=media,
            playback=self.playback,
            publisher=DiscordPublisher(bot, self.replies, languages=languages),
            policy=self.policy,
            now_ms=lambda: time.time_ns() // 1_000_000 + self.clock_offset_ms,
            random=Random(7),  # noqa: S311 - jitter
            video_tools=self.video_tools,
            private_answers=self._private_answers(),
        )
        belt = Worker(context, "test")
        bot.attach_cogs(build_cogs(bot, context, belt, self.replies, languages, loader))
        # How long the library waits for servers that do not come; here all have come.
        bot._connection.guild_ready_timeout = 0.02
        return bot


def button_labels(shown: Message | Interaction) -> list[str]:
    """List the labels of the buttons on a message."""
    message = shown.message if isinstance(shown, Interaction) else shown
    assert message is not None
    return [found["label"] for found in walk_components(message.components) if found["type"] == 2]
