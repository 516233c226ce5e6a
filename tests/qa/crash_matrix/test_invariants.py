"""The judge of the crash matrix sees each kind of harm; one that cannot is worth nothing."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from apixo.requests import build_submission
from domain.jobs import JobState
from domain.money import MicroUSD
from domain.obstacles import ObstacleKind
from domain.requests import Draft, GenerationCommand, build_request
from qa.crash_matrix.fault import InjectedFault
from qa.crash_matrix.faults import NO_FAULT, find_fault
from qa.crash_matrix.invariants import check_invariants
from qa.crash_matrix.run_record import Cell, RunRecord
from sandbox.apixo import FakeApixo
from sandbox.apixo.prompt_directives import Directives
from sandbox.apixo.rules import MODELS, parse_submission
from sandbox.discord import FakeDiscord, Message
from sandbox.discord.models import Attachment, MessageFlag
from storage.audit import AuditReport
from storage.jobs import Job

ID = "01m7za7qv5t68n9j9d4z"
VIDEO = b"0000ftypisom"
REQUEST = build_request(Draft(command=GenerationCommand.VIDEO, prompt="a lake, take 1"))
SOUND = AuditReport(ok=True, jobs={}, ledger={"held": 0}, violations=())

Doctor = Callable[["Scene"], None]


class Scene:
    """A job that was delivered as it should be, and hands to spoil it with."""

    def __init__(self, folder: Path) -> None:
        self.apixo = FakeApixo()
        self.discord = FakeDiscord()
        self.channel = self.discord.channel("videos")
        self.file = folder / "video.mp4"
        self.file.write_bytes(VIDEO)
        self.result = self.post("-# 4 s", "result", with_video=True)
        task = self.make_task()
        job = _job(task, self.result.id)
        files = {f"{ID}.mp4": VIDEO}
        self.traces = RunRecord(Cell(NO_FAULT), "take 1", jobs=[job], audit=SOUND, files=files)

    def post(self, text: str, mark: str = "", *, with_video: bool = False) -> Message:
        world = self.discord.world
        message = Message(world.ids.next(), self.channel, world.bot_user, text)
        if mark:
            message.components = [{"type": 2, "custom_id": f"details:{ID}:{mark}"}]
        if with_video:
            video = Attachment(
                world.ids.next(),
                f"{ID}.mp4",
                len(VIDEO),
                "video/mp4",
                self.file,
                self.channel.id,
                str,
            )
            message.attachments.append(video)
        self.channel.messages.append(message)
        return message

    def post_card(self) -> Message:
        """Have a status message that was not deleted."""
        return self.post("🎬 Making your video.", "status")

    def make_task(self) -> str:
        order = parse_submission(MODELS[REQUEST.model], build_submission(REQUEST))
        return self.apixo.tasks.create(order, Directives(), 80_000, None).id

    def change(self, **fields: object) -> None:
        self.traces.jobs = [replace(self.traces.jobs[0], **fields)]

    def end_without_reply(self) -> None:
        self.channel.messages.remove(self.result)
        card = self.post("You weren't charged.", "status")
        self.change(state=JobState.FAILED, status_message_id=card.id)

    def verdicts(self) -> set[str]:
        return {
            each.partition(":")[0]
            for each in check_invariants(self.traces, self.apixo, self.discord)
        }


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_video_that_arrived_as_it_should_is_no_harm(scene: Scene):
    """One task, one message, with the video that is the one stored."""
    assert scene.verdicts() == set()


@pytest.mark.parametrize(
    ("verdict", "spoil"),
    [
        ("lost", lambda scene: scene.channel.messages.remove(scene.result)),
        ("lost", lambda scene: scene.file.write_bytes(b"another video")),
        ("lost", lambda scene: scene.change(state=JobState.CANCELLED)),
        ("lost", lambda scene: scene.change(task_id="nobody's")),
        ("double charged", lambda scene: scene.make_task()),
        ("double posted", lambda scene: scene.post("-# 4 s", "result", with_video=True)),
        ("double posted", lambda scene: (scene.post_card(), scene.post_card())),
        ("left", lambda scene: scene.post_card()),
        ("left", lambda scene: scene.post("your video didn't work out", "failure")),
        ("silent", lambda scene: scene.end_without_reply()),
        ("unbalanced", lambda scene: setattr(scene.traces, "audit", replace(SOUND, ok=False))),
        (
            "unbalanced",
            lambda scene: setattr(scene.traces, "audit", replace(SOUND, ledger={"held": 80_000})),
        ),
        ("unbalanced", lambda scene: scene.traces.leftovers.append(f"{ID}.mp4.0000.part")),
        ("silent", lambda scene: scene.post_card()),
        ("silent", lambda scene: scene.traces.jobs.clear()),
        ("silent", lambda scene: setattr(scene.result, "flags", MessageFlag.LOADING)),
        ("leaked", lambda scene: setattr(scene.traces, "log", f"key={scene.apixo.key}")),
        ("leaked", lambda scene: setattr(scene.traces, "log", f"token={scene.discord.token}")),
        ("leaked", lambda scene: setattr(scene.traces, "log", "prompt='a very private lake'")),
    ],
)
def test_each_harm_is_seen(scene: Scene, verdict: str, spoil: Doctor):
    """Done to a scene without harm, it is what the judge complains of."""
    spoil(scene)
    assert verdict in scene.verdicts()


def test_harm_after_a_removal_is_seen(scene: Scene):
    """A purchase, a second notice, and none; the card cannot be edited any longer."""
    scene.post_card()
    scene.traces.heard_of_removal_s = scene.apixo.clock.now() + 1
    assert scene.verdicts() == set()
    scene.change(state=JobState.CANCELLED, task_id=None, fail_code=ObstacleKind.SERVER_LEFT)
    scene.traces.cell = Cell(find_fault("thrown out: three wait"))
    scene.apixo.tasks.clear()
    scene.channel.messages.remove(scene.result)
    assert scene.verdicts() == {"silent"}
    for expected in (set[str](), {"double posted"}):
        scene.post("I was removed from a server where 3 of your videos were waiting.")
        assert scene.verdicts() == expected
    scene.channel.messages.pop()
    scene.traces.heard_of_removal_s = scene.apixo.clock.now() - 1
    scene.make_task()
    assert "bought" in scene.verdicts()


def test_an_answer_that_only_a_dead_process_could_edit_may_stay(scene: Scene):
    """And only then: a process that lives keeps it true, and so does every other fault."""
    scene.post_card()
    cut_off = Cell(InjectedFault(axis="Discord", name="cut off", ends_connection=True))
    for cell, kills, told in ((cut_off, 0, {"silent", "left"}), (cut_off, 1, set[str]())):
        scene.traces.cell, scene.traces.kill_count = cell, kills
        assert scene.verdicts() == told


def _job(task_id: str, result: int) -> Job:
    return Job(
        id=ID,
        interaction_id=1,
        guild_id=1,
        channel_id=1,
        user_id=1,
        state=JobState.DELIVERED,
        fence=1,
        request=REQUEST,
        price=MicroUSD(80_000),
        price_version="2026-11",
        attempt=1,
        submissions=1,
        task_id=task_id,
        result_url=None,
        file_name=f"{ID}.mp4",
        file_size=len(VIDEO),
        file_sha256=hashlib.sha256(VIDEO).hexdigest(),
        status_message_id=None,
        status_since_ms=None,
        status_shown=JobState.DELIVERED,
        result_message_id=result,
        posting_since_ms=0,
        reason=None,
        fail_code=None,
        failures=0,
        turns=0,
        due_at_ms=0,
        lease_owner=None,
        lease_until_ms=None,
        created_at_ms=0,
        submitted_at_ms=0,
        started_at_ms=0,
        ended_at_ms=0,
    )
