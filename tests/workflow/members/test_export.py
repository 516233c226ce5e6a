"""The export has all that is kept of a member: held against a scan of all tables and folders."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select, update

from domain.audit_log import NewChange
from domain.jobs import JobState
from domain.money import MicroUSD
from storage import (
    audit_log,
    billing,
    fetched_bytes,
    guild_settings,
    key_value,
    pending_interactions,
)
from storage.film_tables import films, storyboard_shots, storyboards
from storage.media_cache import pinned
from storage.pending_interactions import PendingRow
from storage.personal_data import NOT_PERSONAL, PERSONAL
from storage.schema import job_events, limits, memberships, metadata, orders, servers
from storage.service_tables import belt
from tests.harness.workflow import BEN, BOTH_ENGINES, GUILD, WorkflowHarness
from workflow.members.erasure import erase_pending, request_erasure
from workflow.members.export import ExportFile, collect_export, split_parts, write_zip

MEMBER = 987_654_321_098_765_432


def test_every_column_is_classified() -> None:
    """A new one has to be exported, or left out for a reason: see `storage/personal_data.py`."""
    known = {one.table.name: {*one.columns, *one.left_out} for one in PERSONAL}
    for name, table in metadata.tables.items():
        if name in NOT_PERSONAL:
            assert name not in known
            assert {"user_id", "subject_id", "actor"}.isdisjoint(table.c.keys())
        else:
            assert known.get(name) == set(table.c.keys()), f"classify the columns of {name}"
    assert all(reason for one in PERSONAL for reason in one.left_out.values())
    assert len({one.title for one in PERSONAL}) == len(PERSONAL)


async def live(harness: WorkflowHarness) -> str:
    """Have something of a member in every table, and return their job."""
    transact = harness.database.transact
    job = (await harness.accept_job("a lake at dusk", user=MEMBER)).job.id
    await harness.run_until(JobState.DELIVERED, job=job)
    other = (await harness.accept_job("a hill", user=BEN)).job.id
    await harness.run_until(JobState.DELIVERED, job=other)
    pending = PendingRow(kind="k", key="1", user_id=MEMBER, payload="a valley", until_ms=1 << 41)
    await transact(lambda tx: pending_interactions.put(tx, pending))
    await transact(lambda tx: key_value.put(tx, f"carriers {job}", "{}"))
    change = NewChange(
        at_ms=1,
        guild_id=GUILD,
        actor="5",
        what="limit",
        subject=f"member:{MEMBER}:day",
        before=None,
        after="5",
    )
    await transact(lambda tx: audit_log.record(tx, change))
    await transact(
        lambda tx: billing.grant(
            tx,
            guild_id=GUILD,
            user_id=MEMBER,
            amount=MicroUSD(7),
            actor="5",
            note="thanks",
            now_ms=1,
        )
    )
    await transact(lambda tx: guild_settings.set_done_notification(tx, GUILD, MEMBER, enabled=True))
    await transact(lambda tx: fetched_bytes.add(tx, MEMBER, "2026-11-30", 77, 100))
    film = {
        "id": "film",
        "interaction_id": 9,
        "guild_id": GUILD,
        "channel_id": 1,
        "user_id": MEMBER,
        "state": "delivered",
        "parts": other,
        **dict.fromkeys(("fence", "dissolve", "private", "percent", "failures", "turns"), 0),
        **dict.fromkeys(("seconds", "due_at_ms", "created_at_ms"), 1 << 41),
    }
    order = {
        "id": "order",
        "kind": "takes",
        **dict.fromkeys(("interaction_id", "channel_id", "created_at_ms", "private"), 9),
    }
    board = {
        "id": "board",
        "kind": "extension",
        **dict.fromkeys(("interaction_id", "channel_id", "created_at_ms", "private"), 9),
    }
    shot = {"storyboard_id": "board", "number": 1, "job_id": job, "start": "cut"}
    for table, row in (
        (films, film),
        (storyboards, {**board, "guild_id": GUILD, "user_id": MEMBER}),
        (storyboard_shots, shot),
        (orders, {**order, "guild_id": GUILD, "user_id": MEMBER}),
        (limits, {"guild_id": GUILD, "target": "member", "subject_id": MEMBER, "kind": "day"}),
        (memberships, {"guild_id": GUILD, "user_id": MEMBER, "checked_at_ms": 5}),
        (servers, {"guild_id": GUILD, "name": "Harbour", "owner_id": MEMBER}),
    ):
        await transact(lambda tx, t=table, r=row: tx.execute(insert(t).values(r)))
    await transact(lambda tx: tx.execute(update(belt).values(stopped_by=str(MEMBER))))
    await transact(lambda tx: tx.execute(update(job_events).values(detail="why not")))
    await request_erasure(harness.context, MEMBER, GUILD + 1)
    await erase_pending(harness.context)
    return job


async def rows_of(harness: WorkflowHarness, table: Table, words: set[str]) -> list[Any]:
    """Return the rows of a table that have one of these words in a column."""
    found = await harness.database.read(lambda tx: tx.execute(select(table)))
    return [
        row
        for row in found.mappings()
        if any(word in str(v) for v in row.values() for word in words)
    ]


def exported_rows(files: list[ExportFile]) -> dict[str, int]:
    """Count the rows of each table in an export."""
    counts = dict[str, int]()
    for file in files:
        title, _, suffix = file.name.partition(".")
        if suffix == "json" and isinstance(file.content, bytes):
            counts[title] = len(json.loads(file.content))
        if suffix == "csv" and isinstance(file.content, bytes):
            text = file.content.decode("utf-8-sig")
            counts[title] = len(list(csv.reader(io.StringIO(text)))) - 1
    return counts


@BOTH_ENGINES
async def test_the_export_has_every_row_of_a_member(harness: WorkflowHarness) -> None:
    """A scan of all tables for their id, their job and their holds finds no more rows than it."""
    job = await live(harness)
    files = await collect_export(harness.context, MEMBER)
    exported = exported_rows(files)
    holds = await harness.database.read(lambda tx: billing.list_entries(tx, job))
    for personal in PERSONAL:
        words = {str(MEMBER), job}
        if personal.table.name == "billing_buckets":
            words = {f"'{entry.id}'" for entry in holds if entry.kind == "hold"}
            found = await harness.database.read(lambda tx, t=personal.table: tx.execute(select(t)))
            expected = sum(f"'{row.hold_id}'" in words for row in found)
        else:
            expected = len(await rows_of(harness, personal.table, words))
        assert exported.get(personal.title, 0) == expected > 0, personal.title
    for name in NOT_PERSONAL:
        assert await rows_of(harness, metadata.tables[name], {str(MEMBER), job}) == []
    data = b"".join(file.content for file in files if isinstance(file.content, bytes))
    for word in (b"a lake at dusk", b"a valley", b"thanks", b"why not", b"Harbour"):
        assert word in data
    assert b"a hill" not in data


async def test_the_export_has_every_file_of_a_member(
    harness: WorkflowHarness, tmp_path: Path
) -> None:
    """Videos byte for byte; nothing of others."""
    job = await live(harness)
    path = tmp_path / "export.zip"
    assert await write_zip(await collect_export(harness.context, MEMBER), path) == []
    with zipfile.ZipFile(path) as archive:
        video = harness.context.media.video_path(f"{job}.mp4").read_bytes()
        assert archive.read(f"videos/{job}.mp4") == video
        assert [name for name in archive.namelist() if name.startswith("videos/")] == [
            f"videos/{job}.mp4"
        ]
        (request,) = json.loads(archive.read("requests.json"))
        assert (request["state"], request["price"]) == ("delivered", "0.08")
        assert request["what was asked for"]["prompt"] == "a lake at dusk"
        assert "Times are in UTC" in archive.read("read me.txt").decode()


async def test_a_stranger_gets_a_text_alone(harness: WorkflowHarness) -> None:
    """Nothing is kept of them."""
    assert [file.name for file in await collect_export(harness.context, 4)] == ["read me.txt"]


@pytest.mark.parametrize(
    ("sizes", "parts", "too_large"),
    [
        ([], [], []),
        ([1_000], [[1_000]], []),
        ([4_000, 4_000, 4_000], [[4_000, 4_000], [4_000]], []),
        ([20_000, 1_000], [[1_000]], [20_000]),
    ],
)
async def test_parts_fit(
    tmp_path: Path, sizes: list[int], parts: list[list[int]], too_large: list[int]
) -> None:
    """Each part as a ZIP is within the limit; what fits in none is named."""
    files = [ExportFile(f"{n}.bin", size, b"x" * size) for n, size in enumerate(sizes)]
    split, left = split_parts(files, 10_240)
    assert [[file.size for file in part] for part in split] == parts
    assert [file.size for file in left] == too_large
    for number, part in enumerate(split):
        path = tmp_path / f"{number}.zip"
        await write_zip(part, path)
        assert path.stat().st_size <= 10_240


async def test_a_file_that_goes_meanwhile_is_named(tmp_path: Path) -> None:
    """Its time was over."""
    gone = ExportFile("videos/a.mp4", 9, lambda: pinned(tmp_path / "a.mp4"))
    assert await write_zip([gone], tmp_path / "x.zip") == ["videos/a.mp4"]
