"""Judges what a run left behind, by the invariants of the crash matrix and what was seen of it.

Each complaint begins with one of that one's verdicts. An interaction that nobody acknowledged is
harm unless a process that heard of its server had just been killed; so is one that went on
thinking, and a shard that nobody heard of for too long.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.shards import shard_of
from qa.cluster.orders import Order, Shop
from qa.cluster.processes import Cluster, Outage
from qa.crash_matrix.cell_run import list_jobs
from qa.crash_matrix.fault import InjectedFault
from qa.crash_matrix.invariants import check_jobs, find_secrets
from qa.crash_matrix.run_record import Cell, RunRecord
from sandbox.apixo import FakeApixo
from sandbox.discord import FakeDiscord, Interaction
from storage import audit, schema

OUTAGE_LIMIT_S: Final = 45
"""After how long a killed process's shards must be another's."""

_CUT_OFF_S: Final = 60.0
"""How long an interaction may be under way when its process is killed."""

_SOON_S: Final = 1.0
_GRAVE: Final = ('"level": "error"', '"level": "critical"', "Traceback")
_OF_A_LOST_TASK: Final = ("submission interrupted", "grace period over, hold released")
"""What the operator is told where a process died between a submission and its answer."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a run is judged by."""

    apixo: FakeApixo
    discord: FakeDiscord
    shop: Shop
    cluster: Cluster
    files: Mapping[str, bytes]
    ack_s: float


async def judge(scene: Scene, orders: Sequence[Order]) -> list[str]:
    """List what is wrong after a run, while its stand-ins still have all of it."""
    found = [complaint for order in orders async for complaint in _of_the_order(scene, order)]
    return [
        *found,
        *await _of_the_ledger(scene),
        *_of_the_interactions(scene),
        *_of_the_outages(scene.cluster),
        *_of_the_log(scene),
    ]


async def _of_the_order(scene: Scene, order: Order):
    """Yield what is wrong with the jobs of an order."""
    fault = InjectedFault(
        axis="cluster",
        name=order.kind,
        is_private=order.kind == "private",
        shares=order.kind == "share",
        expected_states=frozenset({JobState.CANCELLED} if order.kind == "cancel" else ()),
    )
    traces = RunRecord(Cell(fault), order.marker, kill_count=scene.cluster.kills)
    traces.jobs = await scene.shop.list_jobs(order.marker)
    traces.files = {**scene.files}
    tasks = [task for task in scene.apixo.tasks if order.marker in task.submission.prompt]
    where = f"{order.marker} {order.kind}"
    if not traces.jobs:
        yield f"lost: {where}: nothing that was ordered became a job"
    if len(tasks) > len(traces.jobs):
        yield f"double charged: {where}: {len(tasks)} tasks for {len(traces.jobs)} jobs"
    for complaint in check_jobs(traces, tasks, scene.discord):
        verdict, _, what = complaint.partition(": ")
        yield f"{verdict}: {where}: {what}"


async def _of_the_ledger(scene: Scene) -> list[str]:
    report = await scene.shop.database.read(audit.run_audit)
    broken = [f"unbalanced: {one}" for one in report.violations]
    if report.ledger["held"]:
        broken.append(f"unbalanced: {report.ledger['held']} micro-dollars on hold for nobody")
    charges = await _count_charges(scene)
    jobs = await scene.shop.database.read(list_jobs)
    for job in jobs:
        wanted = 1 if job.state is JobState.DELIVERED else 0
        if charges[job.id] != wanted:
            broken.append(f"double charged: {job.id} is {job.state}: {charges[job.id]} charges")
    return broken


async def _count_charges(scene: Scene) -> Counter[str]:
    rows = schema.billing.c

    async def count(tx: AsyncConnection) -> Counter[str]:
        charged = await tx.execute(select(rows.job_id).where(rows.kind == "charge"))
        return Counter(charged.scalars())

    return await scene.shop.database.read(count)


def _of_the_interactions(scene: Scene) -> Iterator[str]:
    for one in scene.shop.interactions:
        if one.is_answered and not one.failed:
            continue
        before_s = scene.ack_s if one.failed else _CUT_OFF_S
        if not any(_is_excused(one, outage, before_s, scene) for outage in scene.cluster.outages):
            state = "was acknowledged by nobody" if one.failed else "goes on thinking"
            yield f"silent: {one} {state}, and nobody was killed"


def _is_excused(one: Interaction, outage: Outage, before_s: float, scene: Scene) -> bool:
    """Return whether the process that was to answer was killed, and no other was there yet."""
    guild = one.channel.guild
    assert guild is not None, "orders come from servers"
    is_its_shard = shard_of(guild.id, scene.cluster.shard_count) == outage.shard_id
    ended_s = outage.began_s + outage.duration_s
    return is_its_shard and outage.began_s - before_s <= one.created_at <= ended_s + _SOON_S


def _of_the_outages(cluster: Cluster) -> Iterator[str]:
    for outage in cluster.outages:
        if outage.duration_s > OUTAGE_LIMIT_S:
            yield f"silent: nobody heard of shard {outage.shard_id} for {outage.duration_s:.0f} s"


def _of_the_log(scene: Scene) -> Iterator[str]:
    log = scene.cluster.log
    yield from find_secrets(log, scene.apixo, scene.discord)
    for line in log.splitlines():
        is_grave = any(words in line for words in _GRAVE)
        if is_grave and not any(f'"event": "{event}"' in line for event in _OF_A_LOST_TASK):
            yield f"silent: in a log: {line[:600]}"
    for code in scene.cluster.odd_ends:
        yield f"silent: a process ended with {code}"
