"""Ways to let something go wrong: each arms a fault on a stage, or makes what arms it."""

import asyncio
import re
import sqlite3
from collections.abc import Awaitable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final

import asyncpg

from qa.crash_matrix.fault import ArmFault
from sandbox.apixo import Fault as ApixoFault
from sandbox.discord import Channel, Message
from sandbox.discord import Fault as DiscordFault
from sandbox.discord.models import Permission

if TYPE_CHECKING:
    from qa.crash_matrix.harness import MatrixHarness

_PATIENCE_S: Final = 60
_SLOW: Final = "[[slow:1200]]"
"""So slow a task that its status message is seen before its result."""

_SLOWER: Final = "[[slow:3000]]"
"""So slow a task that a wrong submission would be seen before its end."""

_REFUSED: Final = "[[fail:SensitiveContent]]"
_IS_CARD: Final = re.compile(r"details:[0-9a-z]{20}:status")
"""The custom id of a status message's *Details*."""

POSTS: Final = "/channels/*/messages"
EDITS: Final = "/channels/*/messages/*"
ANSWERS: Final = "/interactions/*/*/callback"
FOLLOW_UPS: Final = "/webhooks/*/*"
ORIGINALS: Final = "/webhooks/*/*/messages/@original"
LOST: Final = DiscordFault(status=503, takes_effect=True)
HTML: Final = b"<!doctype html><title>Just a moment...</title>"
"""What a proxy says in the place of an answer."""


def spoil_submission(fault: ApixoFault, times: int = 1) -> ArmFault:
    return lambda stage: stage.apixo.faults.add_submit(fault, times)


def spoil_status(fault: ApixoFault, times: int = 3) -> ArmFault:
    return lambda stage: stage.apixo.faults.add_status(fault, times)


def spoil_download(fault: ApixoFault, times: int = 2) -> ArmFault:
    return lambda stage: stage.apixo.faults.add_download(fault, times)


def give_directive(directive: str) -> ArmFault:
    return lambda stage: stage.apixo.queued_directives.append(directive)


def spoil_discord(method: str, route: str, fault: DiscordFault, times: int = 2) -> ArmFault:
    return lambda stage: stage.discord.faults.add(method, route, fault, times)


def deny_history(stage: "MatrixHarness") -> None:
    denied = Permission.READ_MESSAGE_HISTORY
    stage.discord.world.deny(stage.channel, denied)
    stage.add_cleanup(lambda: stage.discord.world.allow(stage.channel, denied))


def close_dms(stage: "MatrixHarness") -> None:
    ada = stage.member.user
    stage.discord.world.close_dms(ada)
    stage.add_cleanup(lambda: stage.discord.world.open_dms(ada))


def lose_follow_up(fault: DiscordFault) -> ArmFault:
    """Close direct messages, so that the video comes as a follow-up, whose answer is lost."""

    def arm(stage: "MatrixHarness") -> None:
        close_dms(stage)
        stage.discord.faults.add("POST", FOLLOW_UPS, fault, times=1)

    return arm


def spoil_posts_in(channel: str, fault: DiscordFault) -> ArmFault:
    def arm(stage: "MatrixHarness") -> None:
        route = f"/channels/{stage.discord.channel(channel).id}/messages"
        stage.discord.faults.add("POST", route, fault, times=1)

    return arm


def spoil_direct_messages(member: str, fault: DiscordFault) -> ArmFault:
    def arm(stage: "MatrixHarness") -> None:
        channel = stage.discord.member(member).direct_channel
        stage.discord.faults.add("POST", f"/channels/{channel.id}/messages", fault, times=1)

    return arm


def lose_submission_and_alert(fault: DiscordFault) -> ArmFault:
    """Lose the answer to a submission, and that to the message for its operator."""

    def arm(stage: "MatrixHarness") -> None:
        stage.apixo.faults.add_submit(ApixoFault(status=504, takes_effect=True), 1)
        spoil_direct_messages("Olga", fault)(stage)

    return arm


def refuse_posts(code: int) -> ArmFault:
    """Refuse whatever carries the video: the second post; the first is the status message."""

    def arm(stage: "MatrixHarness") -> None:
        stage.discord.faults.add("POST", POSTS, DiscordFault(), times=1)
        stage.discord.faults.add("POST", POSTS, DiscordFault(code=code), times=1)

    return arm


async def _cards(stage: "MatrixHarness", count: int = 1) -> list[Message]:
    """Wait for the status messages of so many orders."""

    def find() -> list[Message] | None:
        found = [
            each for each in stage.channel.messages if any(map(_IS_CARD.fullmatch, each.custom_ids))
        ]
        return found if len(found) >= count else None

    changes = stage.discord.world.changes
    return await changes.wait_until(find, _PATIENCE_S, "status messages", lambda: "fewer")


async def delete_card(stage: "MatrixHarness") -> None:
    stage.apixo.queued_directives.append(_SLOW)
    stage.discord.world.delete_message((await _cards(stage))[0])


async def delete_channel(stage: "MatrixHarness") -> None:
    """Delete the channel before the result is in it; afterwards there is nothing left to do."""
    stage.apixo.queued_directives.append(_SLOW)
    if stage.channel.messages == await _cards(stage):
        stage.discord.world.delete_channel(stage.channel)
        stage.add_cleanup(stage.use_new_channel)


def use_thread(stage: "MatrixHarness") -> Awaitable[None]:
    """Let the member order in a thread that is archived again and again."""
    parent = stage.channel
    thread = stage.channel = stage.discord.world.add_thread(parent, "talk")

    def leave() -> None:
        stage.discord.world.delete_channel(thread)
        stage.channel = parent

    stage.add_cleanup(leave)
    return _archive_often(stage, thread)


async def _archive_often(stage: "MatrixHarness", thread: Channel) -> None:
    await _cards(stage)
    for _ in range(8):
        if not thread.archived:
            stage.discord.world.archive_thread(thread)
        await asyncio.sleep(0.15)


async def delete_video(stage: "MatrixHarness") -> None:
    """Delete the result as soon as it is there, when its answer is lost too."""
    stage.discord.faults.add("POST", POSTS, DiscordFault(), times=1)
    stage.discord.faults.add("POST", POSTS, LOST, times=1)
    video = await stage.channel.wait_for(
        lambda message: any(file.filename.endswith(".mp4") for file in message.attachments),
        _PATIENCE_S,
        "a video",
    )
    stage.discord.world.delete_message(video)


async def drop_gateway(stage: "MatrixHarness") -> None:
    for _ in range(3):
        await asyncio.sleep(0.15)
        await stage.discord.gateway.drop_connections()


async def lock_database(stage: "MatrixHarness") -> None:
    """Hold the one write lock of a SQLite file again and again, as a shell might."""
    with closing(sqlite3.connect(stage.database_file, isolation_level=None)) as other:
        for _ in range(8):
            with suppress(sqlite3.OperationalError):
                other.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(0.12)
                other.execute("ROLLBACK")
            await asyncio.sleep(0.05)


async def kill_backends(stage: "MatrixHarness") -> None:
    """Take every connection of the service to PostgreSQL away, again and again."""
    other = await asyncpg.connect(stage.database_url)
    try:
        for _ in range(6):
            await asyncio.sleep(0.15)
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    finally:
        await other.close()


def spoil_history(stage: "MatrixHarness") -> None:
    """Lose the answer to a post, and have a proxy answer who looks for it."""
    stage.discord.faults.add("POST", POSTS, LOST, 2)
    stage.discord.faults.add("GET", POSTS, DiscordFault(status=403, raw=HTML), 2)


def put_proxy_before_discord(stage: "MatrixHarness") -> None:
    """Have a proxy answer the first request of each kind, with a page that it could not be sent."""
    routes = (("POST", ANSWERS), ("PATCH", ORIGINALS), ("POST", POSTS), ("PATCH", EDITS))
    for method, route in routes:
        stage.discord.faults.add(method, route, DiscordFault(status=502, raw=HTML), 1)


def _fill_apixo(stage: "MatrixHarness") -> None:
    """Let APIXO take nothing until the service must have heard of the removal."""
    full = ApixoFault(status=429, headers={"Retry-After": "200"})
    stage.apixo.faults.add_while("submit", full, lambda: not stage.has_heard_of_removal)


async def throw_out_while_waiting(stage: "MatrixHarness") -> None:
    """Throw the bot out while APIXO takes nothing; afterwards it would again."""
    _fill_apixo(stage)
    await _cards(stage, 3)
    stage.throw_out()


async def throw_out_while_generating(stage: "MatrixHarness") -> None:
    """Throw the bot out while one video is made, and the others wait for its place."""
    stage.apixo.queued_directives.append(_SLOWER)
    await _cards(stage, 3)
    async with asyncio.timeout(_PATIENCE_S):
        while not [*stage.apixo.tasks]:
            await asyncio.sleep(0.02)
    _fill_apixo(stage)
    stage.throw_out()


def part_from_bot(then: ArmFault) -> ArmFault:
    """Have the member share no other server with the bot, so that it cannot write to them."""

    def arm(stage: "MatrixHarness") -> Awaitable[None] | None:
        world, ada = stage.discord.world, stage.member.user
        other = world.guild("Big Screen")

        def come_back() -> None:
            world.add_member(other, ada)

        world.remove_member(other, ada)
        stage.add_cleanup(come_back)
        return then(stage)

    return arm


async def lose_server_for_a_while(stage: "MatrixHarness") -> None:
    """Let the server be away by a fault of Discord's while a video is made."""
    stage.apixo.queued_directives.append(_SLOW)
    await _cards(stage)
    world, guild = stage.discord.world, stage.discord.world.guild()
    stage.add_cleanup(lambda: world.set_available(guild, available=True))
    world.set_available(guild, available=False)
    await asyncio.sleep(0.8)
    world.set_available(guild, available=True)


def lose_one_and_fail_one(stage: "MatrixHarness") -> None:
    """Lose the answer to one submission of several, and let another task fail."""
    stage.apixo.faults.add_submit(ApixoFault(status=504, takes_effect=True), 1)
    stage.apixo.queued_directives.extend(["", _REFUSED])


def fail_two(stage: "MatrixHarness") -> None:
    """Let the next two tasks fail."""
    stage.apixo.queued_directives.extend([_REFUSED] * 2)
