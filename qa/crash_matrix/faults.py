"""The faults of the others, by axis: of APIXO, of Discord, of the disk, of the database.

Each is armed when the service has connected, before a member orders; some last into the recovery.
"""

from dataclasses import replace
from typing import Final

from domain.jobs import JobState
from qa.crash_matrix.arming import (
    ANSWERS,
    EDITS,
    HTML,
    LOST,
    POSTS,
    close_dms,
    delete_card,
    delete_channel,
    delete_video,
    deny_history,
    drop_gateway,
    fail_two,
    give_directive,
    kill_backends,
    lock_database,
    lose_follow_up,
    lose_one_and_fail_one,
    lose_server_for_a_while,
    lose_submission_and_alert,
    part_from_bot,
    put_proxy_before_discord,
    refuse_posts,
    spoil_direct_messages,
    spoil_discord,
    spoil_download,
    spoil_history,
    spoil_posts_in,
    spoil_status,
    spoil_submission,
    throw_out_while_generating,
    throw_out_while_waiting,
    use_thread,
)
from qa.crash_matrix.fault import ArmFault, InjectedFault, fault_title
from sandbox.apixo import Fault as ApixoFault
from sandbox.apixo.clips import sound_file
from sandbox.discord import Fault as DiscordFault

_RESET: Final = DiscordFault(ending="reset", takes_effect=True)
_EMPTY: Final = DiscordFault(status=403, raw=b"", takes_effect=True)
_PAGE: Final = DiscordFault(status=200, raw=HTML, takes_effect=True)

SHOWCASE: Final = "general"
"""The channel for shared videos and summaries."""


def _of(axis: str, name: str, arm: ArmFault, *ends: JobState) -> InjectedFault:
    animates = axis == "Discord"
    return InjectedFault(
        axis=axis, name=name, arm=arm, expected_states=frozenset(ends), needs_picture=animates
    )


NO_FAULT: Final = InjectedFault(axis="none", name="nothing goes wrong")

_U, _L = JobState.SUBMIT_UNKNOWN, JobState.RESULT_LOST
_APIXO = (
    ("submission: 504, task made", spoil_submission(ApixoFault(status=504, takes_effect=True)), _U),
    ("submission: 502, no task", spoil_submission(ApixoFault(status=502)), _U),
    (
        "submission: reset, task made",
        spoil_submission(ApixoFault(ending="reset", takes_effect=True)),
        _U,
    ),
    ("submission: reset, no task", spoil_submission(ApixoFault(ending="reset")), _U),
    ("submission: HTML, task made", spoil_submission(ApixoFault(raw=HTML, takes_effect=True)), _U),
    ("submission: empty, task made", give_directive("[[garbage:empty]]"), _U),
    ("submission: no task's id, task made", give_directive("[[garbage:empty-id]]"), _U),
    (
        "submission: cut, task made",
        spoil_submission(ApixoFault(ending="cut", takes_effect=True)),
        _U,
    ),
    ("submission: 500 within a 200", spoil_submission(ApixoFault(status=200, code=500)), _U),
    ("submission: 429 twice", spoil_submission(ApixoFault(status=429), 2)),
    ("submission: 402 once", spoil_submission(ApixoFault(status=402))),
    ("submission: 401 once", spoil_submission(ApixoFault(status=401))),
    ("submission: refused with 400", spoil_submission(ApixoFault(status=400)), JobState.REJECTED),
    ("submission: refused with 403", spoil_submission(ApixoFault(status=403)), JobState.REJECTED),
    ("submission: slow", spoil_submission(ApixoFault(delay=0.4, takes_effect=True))),
    ("status: 502", spoil_status(ApixoFault(status=502))),
    ("status: 429", spoil_status(ApixoFault(status=429))),
    ("status: 404", spoil_status(ApixoFault(status=404))),
    ("status: reset", spoil_status(ApixoFault(ending="reset"))),
    ("status: HTML", spoil_status(ApixoFault(raw=HTML))),
    ("status: a state that nobody knows", spoil_status(ApixoFault(fields={"state": "resting"}))),
    ("the task fails", give_directive("[[fail:SensitiveContent]]"), JobState.FAILED),
    ("the task is slow", give_directive("[[slow:1200]]")),
    ("the task never ends", give_directive("[[never]]"), JobState.STUCK),
    ("success without an address", give_directive("[[result:none]]"), _L),
    ("success with a stranger's address", give_directive("[[result:foreign]]"), _L),
)
_DOWNLOAD = (
    ("truncated twice", spoil_download(ApixoFault(ending="cut"))),
    ("reset twice", spoil_download(ApixoFault(ending="reset"))),
    ("500 twice", spoil_download(ApixoFault(status=500, raw=b""))),
    ("HTML in its place", spoil_download(ApixoFault(raw=HTML))),
    ("sound alone twice", spoil_download(ApixoFault(raw=sound_file()))),
    ("expired once", spoil_download(ApixoFault(status=404, raw=b""), 1)),
    ("slow", spoil_download(ApixoFault(delay=0.4), 1)),
    ("empty for ever", give_directive("[[result:empty]]"), _L),
    ("redirected to a stranger", give_directive("[[result:elsewhere]]"), _L),
    ("sound alone for ever", give_directive("[[result:sound]]"), _L),
    ("dead for ever", give_directive("[[result:404]]"), _L),
)
_DISCORD = (
    (
        "post: 500 after effect",
        spoil_discord("POST", POSTS, DiscordFault(status=500, takes_effect=True)),
    ),
    ("post: 503 after effect", spoil_discord("POST", POSTS, LOST)),
    ("post: reset after effect", spoil_discord("POST", POSTS, _RESET)),
    ("post: 502, no effect", spoil_discord("POST", POSTS, DiscordFault(status=502), 1)),
    ("post: HTML 404", spoil_discord("POST", POSTS, DiscordFault(status=404, raw=HTML))),
    ("post: empty 403 after effect", spoil_discord("POST", POSTS, _EMPTY)),
    ("post: HTML 200 after effect", spoil_discord("POST", POSTS, _PAGE)),
    ("edit: HTML 404", spoil_discord("PATCH", EDITS, DiscordFault(status=404, raw=HTML))),
    ("post: 429", spoil_discord("POST", POSTS, DiscordFault(status=429))),
    ("edit: 503 after effect", spoil_discord("PATCH", EDITS, LOST)),
    ("video: no permission", refuse_posts(50013)),
    ("video: blocked by a filter", refuse_posts(200000)),
    ("video: too large", refuse_posts(40005)),
    ("history denied", deny_history),
    ("history: HTML 403", spoil_history),
    ("a proxy answers once", put_proxy_before_discord),
    ("gateway drops", drop_gateway),
    ("thread archived", use_thread),
)
_TAKING = (("status message deleted", delete_card), ("channel deleted", delete_channel))

_LOST_ANSWERS = (
    ("done, 502", DiscordFault(status=502, takes_effect=True)),
    ("done, 503", LOST),
    ("done, reset", _RESET),
    ("not done, 502", DiscordFault(status=502)),
    ("not done, reset", DiscordFault(ending="reset")),
)
"""Of a request that takes no nonce: it may have taken effect."""

_PROXY_ANSWERS = (
    ("done, HTML 502", DiscordFault(status=502, raw=HTML, takes_effect=True)),
    ("not done, HTML 404", DiscordFault(status=404, raw=HTML)),
)
"""Not Discord's own words, so that they say nothing of the effect."""

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
        arm=deny_history,
        expected_states=frozenset({JobState.UNDELIVERABLE}),
    ),
    InjectedFault(
        axis="restored",
        name="answer lost",
        arm=spoil_submission(ApixoFault(status=504, takes_effect=True)),
        expected_states=frozenset({_U}),
    ),
    InjectedFault(
        axis="restored",
        name="task failed",
        arm=give_directive("[[fail:SensitiveContent]]"),
        expected_states=frozenset({JobState.FAILED}),
    ),
    InjectedFault(
        axis="restored", name="limited twice", arm=spoil_submission(ApixoFault(status=429), 2)
    ),
)

_TWO: Final = {"axis": "hand-over", "hands_over": True, "engine": "postgresql"}
_STRANGERS: Final = {"STRANGERS": "1"}
"""What two processes of one machine see of each other, these find out by the database alone."""

_HANDED_OVER = (
    InjectedFault(name="on one machine", **_TWO),
    InjectedFault(name="on two machines, no notices", settings=_STRANGERS, **_TWO),
    InjectedFault(name="backends killed", settings=_STRANGERS, arm=kill_backends, **_TWO),
)

_WAITING: Final = {"order_count": 3, "leaves_server": True}
_ONE_PLACE: Final = {"APIXO_MAX_TASKS": "1"}
_RELEASED: Final = frozenset({JobState.CANCELLED})
_THROWN_OUT = (
    InjectedFault(
        axis="thrown out",
        name="three wait",
        arm=throw_out_while_waiting,
        expected_states=_RELEASED,
        **_WAITING,
    ),
    InjectedFault(
        axis="thrown out",
        name="one at APIXO, two wait",
        arm=throw_out_while_generating,
        settings=_ONE_PLACE,
        expected_states=_RELEASED,
        **_WAITING,
    ),
    InjectedFault(
        axis="thrown out",
        name="no other server",
        arm=part_from_bot(throw_out_while_generating),
        settings=_ONE_PLACE,
        expected_states=_RELEASED | {JobState.UNDELIVERABLE},
        **_WAITING,
    ),
    InjectedFault(axis="thrown out", name="only away", arm=lose_server_for_a_while),
)


_TAKES = (
    InjectedFault(axis="takes", name="nothing goes wrong", takes=3),
    InjectedFault(
        axis="takes",
        name="one fails, one answer is lost",
        arm=lose_one_and_fail_one,
        takes=4,
        expected_states=frozenset({JobState.FAILED, _U}),
    ),
    InjectedFault(
        axis="takes",
        name="all fail",
        arm=fail_two,
        takes=2,
        expected_states=frozenset({JobState.FAILED}),
    ),
    InjectedFault(
        axis="takes",
        name="a picture, post: 503",
        arm=spoil_discord("POST", POSTS, LOST),
        takes=2,
        needs_picture=True,
    ),
    InjectedFault(
        axis="takes", name="post: reset", arm=spoil_discord("POST", POSTS, _RESET), takes=2
    ),
    InjectedFault(
        axis="takes", name="no nonce remembered", arm=lambda stage: stage.forget_nonces(), takes=2
    ),
    InjectedFault(axis="takes", name="private", is_private=True, takes=2),
    InjectedFault(axis="takes", name="restored", takes=2, restores_copy=True),
)

FAULTS: Final = (
    NO_FAULT,
    *_TAKES,
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
        axis="Discord", name="video deleted at once", arm=delete_video, deletes_result=True
    ),
    InjectedFault(axis="Discord", name="private", is_private=True),
    InjectedFault(
        axis="Discord",
        name="private, DMs closed",
        arm=close_dms,
        is_private=True,
        ends_connection=True,
        expected_states=frozenset({JobState.UNDELIVERABLE}),
    ),
    *(
        InjectedFault(
            axis="acknowledgement", name=name, arm=spoil_discord("POST", ANSWERS, fault, times=1)
        )
        for name, fault in (*_LOST_ANSWERS, *_PROXY_ANSWERS)
    ),
    InjectedFault(axis="storyboard", name="nothing goes wrong", shot_count=2),
    *(
        InjectedFault(
            axis="storyboard", name=name, arm=spoil_discord("POST", POSTS, fault), shot_count=2
        )
        for name, fault in _LOST_ANSWERS
    ),
    InjectedFault(axis="share", name="nothing goes wrong", **_SHARED),
    *(
        InjectedFault(axis="share", name=name, arm=spoil_posts_in(SHOWCASE, fault), **_SHARED)
        for name, fault in _LOST_ANSWERS
    ),
    InjectedFault(axis="done-notification", name="nothing goes wrong", wants_notification=True),
    *(
        InjectedFault(
            axis="done-notification",
            name=name,
            arm=spoil_direct_messages("Ada", fault),
            wants_notification=True,
        )
        for name, fault in _LOST_ANSWERS
    ),
    InjectedFault(axis="weekly summary", name="nothing goes wrong", server_settings=_SUMMARIZED),
    *(
        InjectedFault(
            axis="operator message",
            name=name,
            arm=lose_submission_and_alert(fault),
            expected_states=frozenset({JobState.SUBMIT_UNKNOWN}),
        )
        for name, fault in _LOST_ANSWERS
    ),
    *(
        InjectedFault(
            axis="follow-up",
            name=name,
            arm=lose_follow_up(fault),
            is_private=True,
            ends_connection=True,
            expected_states=frozenset({JobState.UNDELIVERABLE}),
        )
        for name, fault in (*_LOST_ANSWERS, *_PROXY_ANSWERS)
    ),
    InjectedFault(axis="callback", name="once", uses_callbacks=True),
    InjectedFault(
        axis="callback", name="twice", arm=give_directive("[[callback:twice]]"), uses_callbacks=True
    ),
    InjectedFault(
        axis="callback", name="early", arm=give_directive("[[callback:early]]"), uses_callbacks=True
    ),
    InjectedFault(
        axis="callback", name="never", arm=give_directive("[[callback:never]]"), uses_callbacks=True
    ),
    InjectedFault(
        axis="callback",
        name="after 504, task made",
        arm=spoil_submission(ApixoFault(status=504, takes_effect=True)),
        uses_callbacks=True,
    ),
    InjectedFault(
        axis="disk", name="full for a while", settings={"DISK_FULL": "4"}, needs_picture=True
    ),
    InjectedFault(axis="database", name="locked for a moment", arm=lock_database, engine="sqlite"),
    InjectedFault(
        axis="database",
        name="locked beyond patience",
        arm=lock_database,
        settings={"BUSY_MS": "20"},
        engine="sqlite",
    ),
    InjectedFault(axis="database", name="backends killed", arm=kill_backends, engine="postgresql"),
    *(replace(each, restores_copy=True) for each in _RESTORED),
    *_THROWN_OUT,
    *_HANDED_OVER,
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
