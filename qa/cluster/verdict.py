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

from domain.jobs import PARKED, JobState
from domain.shards import shard_of
from qa.cluster.orders import Order, Shop
from qa.cluster.processes import Cluster
from qa.crash_matrix.cell_run import list_jobs
from qa.crash_matrix.fault import InjectedFault
from qa.crash_matrix.invariants import check_jobs, count_alerts, find_secrets
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
        *await _of_the_alerts(scene),
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
        expected_states=frozenset({JobState.CANCELLED} if order.kind == "cancel" else ()),
    )
    traces = RunRecord(Cell(fault), order.marker, kill_count=len(scene.cluster.kills))
    traces.jobs = await scene.shop.list_jobs(order.marker)
    traces.files = {**scene.files}
    tasks = [task for task in scene.apixo.tasks if order.marker in task.submission.prompt]
    where = f"{order.marker} {order.kind}"
    if not traces.jobs:
        yield f"lost: {where}: nothing that was ordered became a job"
    if len(tasks) > len(traces.jobs):
        yield f"double charged: {where}: {len(tasks)} tasks for {len(traces.jobs)} jobs"
    # Who was cut off has ordered twice, and shares but one.
    delivered = [job for job in traces.jobs if job.state is JobState.DELIVERED]
    if order.kind == "share" and delivered and not any(one.shared_message_id for one in delivered):
        yield f"lost: {where}: the video is not in the showcase"
    for complaint in check_jobs(traces, tasks, scene.discord, is_alone=False):
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


async def _of_the_alerts(scene: Scene) -> list[str]:
    """Judge what the operator was told of jobs that wait for them."""
    parked = [job for job in await scene.shop.database.read(list_jobs) if job.state in PARKED]
    told = count_alerts(scene.discord)
    if told > len(parked):
        return [f"double posted: {told} messages to the operator about {len(parked)} jobs"]
    return []


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
        if one.failed and not _was_unheard(one, scene):
            yield f"silent: {one} was acknowledged by nobody, and nobody was killed"
        if not one.failed and not _was_cut_off(one, scene):
            yield f"silent: {one} goes on thinking, and nobody was killed"


def _was_unheard(one: Interaction, scene: Scene) -> bool:
    """Return whether the process that was to hear of it was killed, and no other was there yet."""
    return any(
        _shard_of(one, scene) == outage.shard_id
        and outage.began_s - scene.ack_s <= one.created_at
        and one.created_at <= outage.began_s + outage.duration_s + _SOON_S
        for outage in scene.cluster.outages
    )


def _was_cut_off(one: Interaction, scene: Scene) -> bool:
    """Return whether a process was killed that may have acknowledged it.

    That one may have given the shard to another meanwhile.
    """
    return any(
        _shard_of(one, scene) in kill.shard_ids
        and one.created_at <= kill.at_s <= one.created_at + _CUT_OFF_S
        for kill in scene.cluster.kills
    )


def _shard_of(one: Interaction, scene: Scene) -> int:
    guild = one.channel.guild
    assert guild is not None, "orders come from servers"
    return shard_of(guild.id, scene.cluster.shard_count)


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
