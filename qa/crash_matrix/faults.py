"""The faults of the others, by axis: of APIXO, of Discord, of the disk, of the database.

Each is armed when the service has connected, before a member orders; some last into the recovery.
"""

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import asyncpg

from domain.jobs import JobState
from sandbox.apixo import Fault as ApixoFault
from sandbox.discord import Channel, Message
from sandbox.discord import Fault as DiscordFault
from sandbox.discord.models import Permission

if TYPE_CHECKING:
    from qa.crash_matrix.harness import MatrixHarness

ArmFault = Callable[["MatrixHarness"], Awaitable[None] | None]

_PATIENCE_S: Final = 60
_SLOW: Final = "[[slow:1200]]"
"""So slow a task that its status message is seen before its result."""

_IS_CARD: Final = re.compile(r"\n-# [0-9a-z]{20}$")
"""A status message ends with its job; a result says more in its last line."""

SHOWCASE: Final = "general"
"""The channel for shared videos and summaries."""

_POSTS: Final = "/channels/*/messages"
_EDITS: Final = "/channels/*/messages/*"
_ANSWERS: Final = "/interactions/*/*/callback"
_FOLLOW_UPS: Final = "/webhooks/*/*"
_RESET: Final = DiscordFault(ending="reset", takes_effect=True)
_LOST: Final = DiscordFault(status=503, takes_effect=True)
_HTML: Final = b"<!doctype html><title>Just a moment...</title>"
_EMPTY: Final = DiscordFault(status=403, raw=b"", takes_effect=True)
_PAGE: Final = DiscordFault(status=200, raw=_HTML, takes_effect=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InjectedFault:
    """One fault of one axis.

    Attributes:
        axis: whose fault it is.
        name: what goes wrong, in a few words.
        arm: lets it go wrong from now on; what it gives to wait for goes on until all is at rest.
        settings: on top of the service's own.
        animates: whether the member gives a picture, which hangs on the status message.
        is_private: whether the member orders for themselves alone.
        ends_connection: whether nothing but the process that took the order can reach the member.
        deletes_status_message: whether somebody deletes the status message.
        deletes_result: whether somebody deletes the video.
        calls_back: whether APIXO can reach the service.
        server_settings: the channels that the server has chosen, by field and name.
        wants_notification: whether the member wants a message when the video is done.
        shares: whether the member shares the video in the end.
        restores_copy: whether a copy of the database is taken at the point, and put back when all
            has come to rest, instead of a death there.
        engine: the only engine that it can happen to, if there is one.
        ends: how a job may end beside `delivered`.
    """

    axis: str
    name: str
    arm: ArmFault = lambda _: None
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    needs_picture: bool = False
    is_private: bool = False
    ends_connection: bool = False
    deletes_status_message: bool = False
    deletes_result: bool = False
    uses_callbacks: bool = False
    server_settings: Mapping[str, str] = field(default_factory=dict[str, str])
    wants_notification: bool = False
    shares: bool = False
    restores_copy: bool = False
    engine: str | None = None
    expected_states: frozenset[JobState] = frozenset()


def _submit(fault: ApixoFault, times: int = 1) -> ArmFault:
    return lambda stage: stage.apixo.faults.add_submit(fault, times)


def _status(fault: ApixoFault, times: int = 3) -> ArmFault:
    return lambda stage: stage.apixo.faults.add_status(fault, times)


def _file(fault: ApixoFault, times: int = 2) -> ArmFault:
    return lambda stage: stage.apixo.faults.add_download(fault, times)


def _cue(directive: str) -> ArmFault:
    return lambda stage: stage.apixo.queued_directives.append(directive)


def _discord(method: str, route: str, fault: DiscordFault, times: int = 2) -> ArmFault:
    return lambda stage: stage.discord.faults.add(method, route, fault, times)


def _deny_history(stage: "MatrixHarness") -> None:
    denied = Permission.READ_MESSAGE_HISTORY
    stage.discord.world.deny(stage.channel, denied)
    stage.add_cleanup(lambda: stage.discord.world.allow(stage.channel, denied))


def _close_dms(stage: "MatrixHarness") -> None:
    ada = stage.member.user
    stage.discord.world.close_dms(ada)
    stage.add_cleanup(lambda: stage.discord.world.open_dms(ada))


def _lose_follow_up(fault: DiscordFault) -> ArmFault:
    """Close direct messages, so that the video comes as a follow-up, whose answer is lost."""

    def arm(stage: "MatrixHarness") -> None:
        _close_dms(stage)
        stage.discord.faults.add("POST", _FOLLOW_UPS, fault, times=1)

    return arm


def _spoil_posts_in(channel: str, fault: DiscordFault) -> ArmFault:
    def arm(stage: "MatrixHarness") -> None:
        route = f"/channels/{stage.discord.channel(channel).id}/messages"
        stage.discord.faults.add("POST", route, fault, times=1)

    return arm


def _spoil_direct_messages(member: str, fault: DiscordFault) -> ArmFault:
    def arm(stage: "MatrixHarness") -> None:
        channel = stage.discord.member(member).direct_channel
        stage.discord.faults.add("POST", f"/channels/{channel.id}/messages", fault, times=1)

    return arm


def _lose_submission_and_news(fault: DiscordFault) -> ArmFault:
    """Lose the answer to a submission, and that to the message which tells its operator."""

    def arm(stage: "MatrixHarness") -> None:
        stage.apixo.faults.add_submit(ApixoFault(status=504, takes_effect=True), 1)
        _spoil_direct_messages("Olga", fault)(stage)

    return arm


def _refuse_posts(code: int) -> ArmFault:
    """Refuse whatever carries the video: the second post; the first is the status message."""

    def arm(stage: "MatrixHarness") -> None:
        stage.discord.faults.add("POST", _POSTS, DiscordFault(), times=1)
        stage.discord.faults.add("POST", _POSTS, DiscordFault(code=code), times=1)

    return arm


async def _card(stage: "MatrixHarness") -> Message:
    """Wait for the status message of the order."""
    found = stage.discord.world.changes.wait_until(
        lambda: next((each for each in stage.channel.messages if _IS_CARD.search(each.text)), None),
        _PATIENCE_S,
        "a status message",
        lambda: "none",
    )
    return await found


async def _delete_card(stage: "MatrixHarness") -> None:
    stage.apixo.queued_directives.append(_SLOW)
    stage.discord.world.delete_message(await _card(stage))


async def _delete_channel(stage: "MatrixHarness") -> None:
    """Delete the channel before the result is in it; afterwards there is nothing left to do."""
    stage.apixo.queued_directives.append(_SLOW)
    card = await _card(stage)
    if stage.channel.messages == [card]:
        stage.discord.world.delete_channel(stage.channel)
        stage.add_cleanup(stage.use_new_channel)


def _use_thread(stage: "MatrixHarness") -> Awaitable[None]:
    """Let the member order in a thread that is archived again and again."""
    parent = stage.channel
    thread = stage.channel = stage.discord.world.add_thread(parent, "talk")

    def leave() -> None:
        stage.discord.world.delete_channel(thread)
        stage.channel = parent

    stage.add_cleanup(leave)
    return _archive_often(stage, thread)


async def _archive_often(stage: "MatrixHarness", thread: Channel) -> None:
    await _card(stage)
    for _ in range(8):
        if not thread.archived:
            stage.discord.world.archive_thread(thread)
        await asyncio.sleep(0.15)


async def _delete_video(stage: "MatrixHarness") -> None:
    """Delete the result as soon as it is there, when its answer is lost too."""
    stage.discord.faults.add("POST", _POSTS, DiscordFault(), times=1)
    stage.discord.faults.add("POST", _POSTS, _LOST, times=1)
    video = await stage.channel.wait_for(
        lambda message: any(file.filename.endswith(".mp4") for file in message.attachments),
        _PATIENCE_S,
        "a video",
    )
    stage.discord.world.delete_message(video)


async def _drop_gateway(stage: "MatrixHarness") -> None:
    for _ in range(3):
        await asyncio.sleep(0.15)
        await stage.discord.gateway.drop_connections()


async def _lock_database(stage: "MatrixHarness") -> None:
    """Hold the one write lock of a SQLite file again and again, as a shell might."""
    with closing(sqlite3.connect(stage.database_file, isolation_level=None)) as other:
        for _ in range(8):
            with suppress(sqlite3.OperationalError):
                other.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(0.12)
                other.execute("ROLLBACK")
            await asyncio.sleep(0.05)


async def _kill_backends(stage: "MatrixHarness") -> None:
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


def _of(axis: str, name: str, arm: ArmFault, *ends: JobState) -> InjectedFault:
    animates = axis == "Discord"
    return InjectedFault(
        axis=axis, name=name, arm=arm, expected_states=frozenset(ends), needs_picture=animates
    )


NO_FAULT: Final = InjectedFault(axis="none", name="nothing goes wrong")

_U, _L = JobState.SUBMIT_UNKNOWN, JobState.RESULT_LOST
_APIXO = (
    ("submission: 504, task made", _submit(ApixoFault(status=504, takes_effect=True)), _U),
    ("submission: 502, no task", _submit(ApixoFault(status=502)), _U),
    ("submission: reset, task made", _submit(ApixoFault(ending="reset", takes_effect=True)), _U),
    ("submission: reset, no task", _submit(ApixoFault(ending="reset")), _U),
    ("submission: HTML, task made", _submit(ApixoFault(raw=_HTML, takes_effect=True)), _U),
    ("submission: empty, task made", _cue("[[garbage:empty]]"), _U),
    ("submission: no task's id, task made", _cue("[[garbage:empty-id]]"), _U),
    ("submission: cut, task made", _submit(ApixoFault(ending="cut", takes_effect=True)), _U),
    ("submission: 500 within a 200", _submit(ApixoFault(status=200, code=500)), _U),
    ("submission: 429 twice", _submit(ApixoFault(status=429), 2)),
    ("submission: 402 once", _submit(ApixoFault(status=402))),
    ("submission: 401 once", _submit(ApixoFault(status=401))),
    ("submission: refused with 400", _submit(ApixoFault(status=400)), JobState.REJECTED),
    ("submission: refused with 403", _submit(ApixoFault(status=403)), JobState.REJECTED),
    ("submission: slow", _submit(ApixoFault(delay=0.4, takes_effect=True))),
    ("status: 502", _status(ApixoFault(status=502))),
    ("status: 429", _status(ApixoFault(status=429))),
    ("status: 404", _status(ApixoFault(status=404))),
    ("status: reset", _status(ApixoFault(ending="reset"))),
    ("status: HTML", _status(ApixoFault(raw=_HTML))),
    ("status: a state that nobody knows", _status(ApixoFault(fields={"state": "resting"}))),
    ("the task fails", _cue("[[fail:SensitiveContent]]"), JobState.FAILED),
    ("the task is slow", _cue("[[slow:1200]]")),
    ("the task never ends", _cue("[[never]]"), JobState.STUCK),
    ("success without an address", _cue("[[result:none]]"), _L),
    ("success with a stranger's address", _cue("[[result:foreign]]"), _L),
)
_DOWNLOAD = (
    ("truncated twice", _file(ApixoFault(ending="cut"))),
    ("reset twice", _file(ApixoFault(ending="reset"))),
    ("500 twice", _file(ApixoFault(status=500, raw=b""))),
    ("HTML in its place", _file(ApixoFault(raw=_HTML))),
    ("expired once", _file(ApixoFault(status=404, raw=b""), 1)),
    ("slow", _file(ApixoFault(delay=0.4), 1)),
    ("empty for ever", _cue("[[result:empty]]"), _L),
    ("redirected to a stranger", _cue("[[result:elsewhere]]"), _L),
    ("dead for ever", _cue("[[result:404]]"), _L),
)
_DISCORD = (
    (
        "post: 500 after effect",
        _discord("POST", _POSTS, DiscordFault(status=500, takes_effect=True)),
    ),
    ("post: 503 after effect", _discord("POST", _POSTS, _LOST)),
    ("post: reset after effect", _discord("POST", _POSTS, _RESET)),
    ("post: 502, no effect", _discord("POST", _POSTS, DiscordFault(status=502), 1)),
    ("post: HTML 404", _discord("POST", _POSTS, DiscordFault(status=404, raw=_HTML))),
    ("post: empty 403 after effect", _discord("POST", _POSTS, _EMPTY)),
    ("post: HTML 200 after effect", _discord("POST", _POSTS, _PAGE)),
    ("edit: HTML 404", _discord("PATCH", _EDITS, DiscordFault(status=404, raw=_HTML))),
    ("post: 429", _discord("POST", _POSTS, DiscordFault(status=429))),
    ("edit: 503 after effect", _discord("PATCH", _EDITS, _LOST)),
    ("video: no permission", _refuse_posts(50013)),
    ("video: blocked by a filter", _refuse_posts(200000)),
    ("video: too large", _refuse_posts(40005)),
    ("history denied", _deny_history),
    ("gateway drops", _drop_gateway),
    ("thread archived", _use_thread),
)
_TAKING = (("status message deleted", _delete_card), ("channel deleted", _delete_channel))

_LOST_ANSWERS = (
    ("done, 502", DiscordFault(status=502, takes_effect=True)),
    ("done, 503", _LOST),
    ("done, reset", _RESET),
    ("not done, 502", DiscordFault(status=502)),
    ("not done, reset", DiscordFault(ending="reset")),
)
"""Of a request that takes no nonce: it may have taken effect."""

_SHARED: Final = {"server_settings": {"showcase_channel": SHOWCASE}, "shares": True}
_SUMMARIZED: Final = {"summary_channel": SHOWCASE}
_RESTORED = (
    InjectedFault(axis="restored", name="nothing else"),
    InjectedFault(axis="restored", name="a picture", needs_picture=True),
    InjectedFault(axis="restored", name="private", is_private=True),
    InjectedFault(axis="restored", name="with callbacks", uses_callbacks=True),
    InjectedFault(
        axis="restored",
        name="history denied",
        arm=_deny_history,
        expected_states=frozenset({JobState.UNDELIVERABLE}),
    ),
    InjectedFault(
        axis="restored",
        name="answer lost",
        arm=_submit(ApixoFault(status=504, takes_effect=True)),
        expected_states=frozenset({_U}),
    ),
    InjectedFault(
        axis="restored",
        name="task failed",
        arm=_cue("[[fail:SensitiveContent]]"),
        expected_states=frozenset({JobState.FAILED}),
    ),
    InjectedFault(axis="restored", name="limited twice", arm=_submit(ApixoFault(status=429), 2)),
)

FAULTS: Final = (
    NO_FAULT,
    InjectedFault(axis="none", name="a picture moves", needs_picture=True),
    *(_of("APIXO", *each) for each in _APIXO),
    *(_of("download", *each) for each in _DOWNLOAD),
    *(_of("Discord", *each) for each in _DISCORD),
    InjectedFault(
        axis="Discord",
        name="nonce forgotten",
        arm=lambda stage: stage.forget_nonces(),
        needs_picture=True,
    ),
    *(
        InjectedFault(axis="Discord", name=name, arm=arm, deletes_status_message=True)
        for name, arm in _TAKING
    ),
    InjectedFault(
        axis="Discord", name="video deleted at once", arm=_delete_video, deletes_result=True
    ),
    InjectedFault(axis="Discord", name="private", is_private=True),
    InjectedFault(
        axis="Discord",
        name="private, DMs closed",
        arm=_close_dms,
        is_private=True,
        ends_connection=True,
        expected_states=frozenset({JobState.UNDELIVERABLE}),
    ),
    *(
        InjectedFault(
            axis="acknowledgement", name=name, arm=_discord("POST", _ANSWERS, fault, times=1)
        )
        for name, fault in _LOST_ANSWERS
    ),
    InjectedFault(axis="share", name="nothing goes wrong", **_SHARED),
    *(
        InjectedFault(axis="share", name=name, arm=_spoil_posts_in(SHOWCASE, fault), **_SHARED)
        for name, fault in _LOST_ANSWERS
    ),
    InjectedFault(axis="done-notification", name="nothing goes wrong", wants_notification=True),
    *(
        InjectedFault(
            axis="done-notification",
            name=name,
            arm=_spoil_direct_messages("Ada", fault),
            wants_notification=True,
        )
        for name, fault in _LOST_ANSWERS
    ),
    InjectedFault(axis="weekly summary", name="nothing goes wrong", server_settings=_SUMMARIZED),
    *(
        InjectedFault(
            axis="operator message",
            name=name,
            arm=_lose_submission_and_news(fault),
            expected_states=frozenset({JobState.SUBMIT_UNKNOWN}),
        )
        for name, fault in _LOST_ANSWERS
    ),
    *(
        InjectedFault(
            axis="follow-up",
            name=name,
            arm=_lose_follow_up(fault),
            is_private=True,
            ends_connection=True,
            expected_states=frozenset({JobState.UNDELIVERABLE}),
        )
        for name, fault in _LOST_ANSWERS
    ),
    InjectedFault(axis="callback", name="once", uses_callbacks=True),
    InjectedFault(
        axis="callback", name="twice", arm=_cue("[[callback:twice]]"), uses_callbacks=True
    ),
    InjectedFault(
        axis="callback", name="early", arm=_cue("[[callback:early]]"), uses_callbacks=True
    ),
    InjectedFault(
        axis="callback", name="never", arm=_cue("[[callback:never]]"), uses_callbacks=True
    ),
    InjectedFault(
        axis="callback",
        name="after 504, task made",
        arm=_submit(ApixoFault(status=504, takes_effect=True)),
        uses_callbacks=True,
    ),
    InjectedFault(
        axis="disk", name="full for a while", settings={"DISK_FULL": "4"}, needs_picture=True
    ),
    InjectedFault(axis="database", name="locked for a moment", arm=_lock_database, engine="sqlite"),
    InjectedFault(
        axis="database",
        name="locked beyond patience",
        arm=_lock_database,
        settings={"BUSY_MS": "20"},
        engine="sqlite",
    ),
    InjectedFault(axis="database", name="backends killed", arm=_kill_backends, engine="postgresql"),
    *(replace(each, restores_copy=True) for each in _RESTORED),
)


def find_fault(name: str) -> InjectedFault:
    """Find a trouble by `AXIS: NAME`, or by a part of it that only one has.

    Raises:
        LookupError: none or several have it.
    """
    found = [each for each in FAULTS if fault_title(each) == name]
    found = found or [each for each in FAULTS if name in fault_title(each)]
    if len(found) != 1:
        listed = "; ".join(fault_title(each) for each in found or FAULTS)
        raise LookupError(f"{name!r} names {len(found)} faults. There are: {listed}")
    return found[0]


def fault_title(trouble: InjectedFault) -> str:
    """Name a trouble with its axis."""
    return f"{trouble.axis}: {trouble.name}"
