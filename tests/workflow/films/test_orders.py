"""Orders of films: who may have which, and what becomes of them when data are erased or swept."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from domain.films import MAX_FILMS_A_DAY, FilmFault, FilmState, FilmView
from domain.guild_rules import RequestOrigin
from domain.guild_settings import AppliesTo, GuildSettings
from domain.jobs import JobState
from domain.violations import ViolationCode
from storage import films, guild_settings
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, CHANNEL, GUILD, WorkflowHarness
from workflow.errors import (
    ChannelUnavailable,
    FilmNotFound,
    FilmRefused,
    MessageDeleted,
    TemporaryPublishError,
)
from workflow.films import orders
from workflow.films.orders import FilmOrder
from workflow.films.worker import FilmWorker
from workflow.members.erasure import erase_pending, request_erasure
from workflow.publisher import ResultPayload
from workflow.restore import declare_restored
from workflow.results.retention import sweep
from workflow.stages.accept import accept as order_video
from workflow.video_tools.film_tools import FilmTools

HERE = RequestOrigin(channel_id=CHANNEL)
_DAY_S = 86_400


@dataclass
class FilmPosts:
    """A publisher of films; `errors` are raised by the next posts."""

    is_ready: bool = True
    posted: dict[int, FilmView] = field(default_factory=dict[int, FilmView])
    sent: dict[int, FilmView] = field(default_factory=dict[int, FilmView])
    shared: dict[int, FilmView] = field(default_factory=dict[int, FilmView])
    failures: list[FilmFault | None] = field(default_factory=list[FilmFault | None])
    errors: list[Exception] = field(default_factory=list[Exception])
    searches: int = 0

    async def max_file_bytes(self, _film: FilmView, *, by_dm: bool = False) -> int:
        return 10_000_000

    async def post_film(self, film: FilmView, _payload: ResultPayload) -> int:
        if self.errors:
            raise self.errors.pop(0)
        self.posted[len(self.posted) + 1] = film
        return len(self.posted)

    async def send_film_by_dm(self, film: FilmView, _payload: ResultPayload) -> int:
        if self.errors:
            raise self.errors.pop(0)
        self.sent[len(self.sent) + 100] = film
        return len(self.sent) + 99

    async def find_film(self, film: FilmView, _since_ms: int) -> int | None:
        self.searches += 1
        return next((n for n, one in self.posted.items() if one.id == film.id), None)

    async def find_film_dm(self, film: FilmView, _since_ms: int) -> int | None:
        return next((n for n, one in self.sent.items() if one.id == film.id), None)

    async def post_failure(self, film: FilmView) -> None:
        self.failures.append(film.reason)

    async def delete_shared_film(self, film: FilmView) -> None:
        self.shared.pop(film.shared_message_id or 0, None)

    async def share_film(self, film: FilmView, _payload: ResultPayload, channel_id: int) -> int:
        self.shared[channel_id] = film
        return channel_id

    async def find_shared_film(self, film: FilmView, channel_id: int) -> int | None:
        found = self.shared.get(channel_id)
        return channel_id if found is not None and found.id == film.id else None

    async def delete_film(self, film: FilmView) -> None:
        assert film.message_id is not None
        del self.posted[film.message_id]


@pytest.fixture
async def parts(harness: WorkflowHarness) -> tuple[str, ...]:
    """Have two videos of Ada's made."""
    return tuple([await make_part(harness, prompt) for prompt in ("a lake", "a hill")])


async def make_part(harness: WorkflowHarness, prompt: str, *, private: bool = False) -> str:
    order = replace(harness.make_order(prompt, user=ADA), private=private)
    job = (await order_video(harness.context, order)).job.id
    await harness.run_until(JobState.DELIVERED, job=job)
    return job


async def accept(harness: WorkflowHarness, parts: tuple[str, ...], **changes: Any) -> FilmView:
    order = FilmOrder(
        interaction_id=77,
        guild_id=GUILD,
        user_id=ADA,
        parts=parts,
        dissolve=False,
        origin=HERE,
    )
    return await orders.accept_film(harness.context, replace(order, **changes))


async def work(harness: WorkflowHarness, posts: FilmPosts, film: FilmView) -> FilmView:
    """Run the worker until nothing of a film is due."""
    harness.context.high_water.is_checked = True
    worker = FilmWorker(harness.context, FilmTools(), posts, "test")
    await worker.recover()
    await worker.run_once()
    while worker._running:
        await worker.wait_for_work()
    with suppress(FilmNotFound):
        return await orders.get_film(harness.context, film.id)
    return film


@BOTH_ENGINES
async def test_a_film_is_joined_and_posted_once(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    """The same order twice is one film, and nobody is searched for a first post."""
    film, posts = await accept(harness, parts), FilmPosts()
    assert (await accept(harness, parts)).id == film.id
    delivered = await work(harness, posts, film)
    assert (delivered.state, delivered.message_id, delivered.percent) == (
        FilmState.DELIVERED,
        1,
        100,
    )
    assert (len(posts.posted), posts.searches) == (1, 0)
    assert posts.posted[1].prompt.split("\n") == ["a lake", "a hill"]
    await work(harness, posts, film)
    assert len(posts.posted) == 1


@BOTH_ENGINES
async def test_one_film_of_a_member_is_joined_at_a_time(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    """Cancelling one makes room; a stranger cannot do that."""
    film = await accept(harness, parts)
    with pytest.raises(FilmRefused, match="busy"):
        await accept(harness, parts, interaction_id=78)
    with pytest.raises(FilmNotFound):
        await orders.cancel_film(harness.context, film.id, BEN)
    assert await orders.cancel_film(harness.context, film.id, ADA)
    assert (await accept(harness, parts, interaction_id=78)).id != film.id


async def test_the_day_has_a_limit(harness: WorkflowHarness, parts: tuple[str, ...]) -> None:
    """What was cancelled counts, too."""
    for number in range(MAX_FILMS_A_DAY):
        film = await accept(harness, parts, interaction_id=100 + number)
        await orders.cancel_film(harness.context, film.id, ADA)
    with pytest.raises(FilmRefused, match="day"):
        await accept(harness, parts, interaction_id=99)
    assert await orders.list_films(harness.context, GUILD, ADA) != []


async def test_only_own_kept_videos_are_joined(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    """A stranger's, a missing one, one alone, or eleven are refused."""
    for given in (parts[:1], (*parts, "0" * 20), parts * 6):
        with pytest.raises(FilmRefused, match="gone"):
            await accept(harness, given)
    with pytest.raises(FilmRefused, match="gone"):
        await accept(harness, parts, user_id=BEN)
    harness.context.media.remove_video(f"{parts[0]}.mp4")
    with pytest.raises(FilmRefused, match="gone"):
        await accept(harness, parts)
    choice = await orders.list_choice(harness.context, GUILD, ADA, 0)
    assert [video.id for video in choice.videos] == [parts[1]]


async def test_a_server_s_rules_hold_for_films(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    """What is for adults is not brought into a channel for everybody by a film."""
    text = GuildSettings(age_gate=AppliesTo.SENSITIVE, sensitive=("hill",)).model_dump_json()
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, GUILD, text, 0))
    with pytest.raises(FilmRefused) as refused:
        await accept(harness, parts)
    assert [one.code for one in refused.value.violations] == [ViolationCode.AGE_RESTRICTED_PROMPT]
    await accept(harness, parts, origin=replace(HERE, age_restricted=True))


async def test_a_film_with_a_private_part_is_private(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    private = await make_part(harness, "a secret", private=True)
    film, posts = await accept(harness, (*parts, private)), FilmPosts()
    assert film.private
    await work(harness, posts, film)
    assert [one.private for one in posts.posted.values()] == [True]


async def test_a_part_that_goes_meanwhile_is_told(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    film, posts = await accept(harness, parts), FilmPosts()
    harness.context.media.remove_video(f"{parts[0]}.mp4")
    failed = await work(harness, posts, film)
    assert (failed.state, failed.reason) == (FilmState.FAILED, FilmFault.PARTS_GONE)
    assert posts.failures == [FilmFault.PARTS_GONE]


async def test_parts_that_cannot_be_joined_are_told(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    film, posts = await accept(harness, parts), FilmPosts()
    harness.context.media.video_path(f"{parts[0]}.mp4").write_bytes(b"no video")
    failed = await work(harness, posts, film)
    assert (failed.state, failed.reason) == (FilmState.FAILED, FilmFault.UNUSABLE)


async def test_a_channel_that_refuses_leaves_direct_messages_and_then_the_list(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    """*Post again* posts what could not be; a file that is missing then is joined again."""
    film = await accept(harness, parts)
    posts = FilmPosts(errors=[ChannelUnavailable("no"), ChannelUnavailable("no")])
    assert (await work(harness, posts, film)).state is FilmState.UNDELIVERABLE
    assert not await orders.cancel_film(harness.context, film.id, ADA)
    assert await orders.post_again(harness.context, film.id, ADA)
    harness.context.media.remove_video(f"{film.id}.mp4")
    assert (await work(harness, posts, film)).state is FilmState.JOINING
    posts.errors = [ChannelUnavailable("no")]
    assert (await work(harness, posts, film)).state is FilmState.DELIVERED
    assert (len(posts.posted), len(posts.sent)) == (0, 1)


async def test_discord_that_does_not_answer_is_waited_for(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    film, posts = await accept(harness, parts), FilmPosts(errors=[TemporaryPublishError("no")])
    assert (await work(harness, posts, film)).state is FilmState.POSTING
    harness.clock.advance(3_600)
    assert (await work(harness, posts, film)).state is FilmState.DELIVERED
    assert posts.searches == 1


async def test_a_post_that_somebody_deleted_is_not_repeated(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    film, posts = await accept(harness, parts), FilmPosts(errors=[MessageDeleted("gone")])
    delivered = await work(harness, posts, film)
    assert (delivered.state, delivered.message_id) == (FilmState.DELIVERED, None)


async def test_a_restored_copy_searches_before_it_posts(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    """It was posted after the copy was taken."""
    film, posts = await accept(harness, parts), FilmPosts()
    posts.posted[1] = film
    await declare_restored(harness.database, harness.context.now_ms())
    assert (await work(harness, posts, film)).message_id == 1
    assert len(posts.posted) == 1


async def test_a_deleted_film_s_message_and_file_go(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    film, posts = await accept(harness, parts), FilmPosts()
    assert not await orders.delete_film(harness.context, film.id)
    await work(harness, posts, film)
    assert await orders.delete_film(harness.context, film.id)
    assert (await work(harness, posts, film)).state is FilmState.DELETED
    assert posts.posted == {}
    assert not await harness.context.media.has_video(f"{film.id}.mp4")
    assert await harness.context.media.has_video(f"{parts[0]}.mp4")


@BOTH_ENGINES
async def test_an_erasure_takes_films_and_their_messages(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    """One that is being joined is cancelled; nothing of them is shown afterwards."""
    posts = FilmPosts()
    done = await work(harness, posts, await accept(harness, parts))
    joining = await accept(harness, parts, interaction_id=78)
    await request_erasure(harness.context, ADA)
    await erase_pending(harness.context)
    for film in (done, joining):
        with pytest.raises(FilmNotFound):
            await orders.get_film(harness.context, film.id)
        assert not await harness.context.media.has_video(f"{film.id}.mp4")
    await work(harness, posts, done)
    assert posts.posted == {}
    found = await harness.database.read(lambda tx: films.get(tx, joining.id))
    assert found is not None
    assert found.state is FilmState.CANCELLED


async def test_films_are_swept_with_the_other_videos(
    harness: WorkflowHarness, parts: tuple[str, ...]
) -> None:
    """When the server's retention ends, and not before."""
    film = await work(harness, FilmPosts(), await accept(harness, parts))
    path = harness.context.media.video_path(f"{film.id}.mp4")
    os.utime(path, (time.time() - 365 * _DAY_S,) * 2)
    await sweep(harness.context)
    assert path.exists()
    harness.clock.advance(60 * _DAY_S)
    await sweep(harness.context)
    assert not path.exists()
