"""Knows what must be true of jobs and money together, and proves it from the rows.

Each rule is one query for the rows that break it. The ledger's guards and the belt's moves should
make that impossible; this is the second reader that does not believe them.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import ENDED_WITHOUT_VIDEO, HOLDING, PAID, JobState
from storage.billing import totals
from storage.jobs import counts
from storage.schema import billing, billing_buckets, job_events, jobs, quota_buckets

_UNPAID = HOLDING | {JobState.CANCELLED, JobState.REJECTED, JobState.SUBMIT_UNKNOWN}
_MAY_HOLD = frozenset({JobState.SUBMIT_UNKNOWN, JobState.QUARANTINED})


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found: jobs by state, the ledger's sums, and every broken rule with its rows."""

    ok: bool
    jobs: dict[str, int]
    ledger: dict[str, int]
    violations: tuple[str, ...]


async def check(tx: AsyncConnection) -> Audit:
    """Prove the rules of jobs and money; `tx` comes from `Database.read`, to see one moment."""
    violations = [
        rule.broken.format_map(dict(row))
        for rule in _RULES
        for row in (await tx.execute(rule.rows)).mappings()
    ]
    return Audit(
        ok=not violations,
        jobs={str(state): count for state, count in (await counts(tx)).items()},
        ledger=asdict(await totals(tx)),
        violations=tuple(violations),
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    broken: str
    rows: Select[*tuple[Any, ...]]


def _holds() -> CTE:
    """List the holds, each with what the ledger links to it."""
    entry = billing.alias("entry")
    is_resolution = entry.c.kind.in_(["charge", "release"])
    is_cost = entry.c.kind.in_(["charge", "adjust"])
    is_release = entry.c.kind == "release"
    linked = (
        select(
            entry.c.hold_id,
            func.count().filter(is_resolution).label("resolutions"),
            _sum(case((is_resolution, entry.c.amount_micro), else_=0)).label("resolved"),
            _sum(case((is_release, entry.c.amount_micro), else_=0)).label("released"),
            _sum(case((is_cost, entry.c.amount_micro), else_=0)).label("cost"),
        )
        .group_by(entry.c.hold_id)
        .subquery()
    )
    return (
        select(
            *(billing.c[name] for name in ("id", "job_id", "attempt", "amount_micro")),
            func.coalesce(linked.c.resolutions, 0).label("resolutions"),
            func.coalesce(linked.c.resolved, 0).label("resolved"),
            func.coalesce(linked.c.released, 0).label("released"),
            func.coalesce(linked.c.cost, 0).label("cost"),
        )
        .outerjoin(linked, linked.c.hold_id == billing.c.id)
        .where(billing.c.kind == "hold")
        .cte("holds")
    )


def _job_money(holds: CTE) -> CTE:
    """List the jobs, each with its open holds, its charges, and what its member paid in all."""
    opened = (
        select(holds.c.job_id, func.count().label("open_holds"))
        .where(holds.c.resolutions == 0)
        .group_by(holds.c.job_id)
        .subquery()
    )
    paid = (
        select(
            billing.c.job_id,
            func.count().filter(billing.c.kind == "charge").label("charges"),
            _sum(billing.c.amount_micro).label("paid"),
        )
        .where(billing.c.kind.in_(["charge", "adjust"]), billing.c.account == "member")
        .group_by(billing.c.job_id)
        .subquery()
    )
    return (
        select(
            jobs.c.id,
            jobs.c.state,
            func.coalesce(opened.c.open_holds, 0).label("open_holds"),
            func.coalesce(paid.c.charges, 0).label("charges"),
            func.coalesce(paid.c.paid, 0).label("paid"),
        )
        .outerjoin(opened, opened.c.job_id == jobs.c.id)
        .outerjoin(paid, paid.c.job_id == jobs.c.id)
        .cte("job_money")
    )


def _bucket_rules(holds: CTE) -> Iterable[_Rule]:
    due = (
        select(
            billing_buckets.c.bucket_id,
            _sum(case((holds.c.resolutions == 0, holds.c.amount_micro), else_=0)).label("held"),
            _sum(holds.c.cost).label("charged"),
        )
        .join(holds, holds.c.id == billing_buckets.c.hold_id)
        .group_by(billing_buckets.c.bucket_id)
        .subquery()
    )
    held, charged = func.coalesce(due.c.held, 0), func.coalesce(due.c.charged, 0)
    yield _Rule(
        "bucket {bucket_id} has {held_micro} held and {charged_micro} charged, "
        "but its ledger rows make {held} and {charged}",
        select(quota_buckets, held.label("held"), charged.label("charged"))
        .outerjoin(due, due.c.bucket_id == quota_buckets.c.bucket_id)
        .where(or_(quota_buckets.c.held_micro != held, quota_buckets.c.charged_micro != charged)),
    )
    yield _Rule(
        "hold {id} of job {job_id} counts in no bucket",
        select(holds).where(holds.c.id.not_in(select(billing_buckets.c.hold_id))),
    )


def _hold_rules(holds: CTE) -> Iterable[_Rule]:
    yield _Rule(
        "hold {id} of job {job_id} has {resolutions} resolutions",
        select(holds).where(holds.c.resolutions > 1),
    )
    yield _Rule(
        "hold {id} of job {job_id} is of {amount_micro}, but {resolved} were charged or released",
        select(holds).where(
            or_(
                holds.c.resolved > holds.c.amount_micro,
                holds.c.released.not_in([0, holds.c.amount_micro]),
            )
        ),
    )
    entry = billing.alias("entry")
    is_its_hold = (holds.c.id == entry.c.hold_id) & (holds.c.job_id == entry.c.job_id)
    needs_hold = entry.c.kind.in_(["charge", "release"]) | entry.c.hold_id.is_not(None)
    yield _Rule(
        "entry {id} ({kind}) of job {job_id} has no hold of that job",
        select(entry.c.id, entry.c.kind, entry.c.job_id)
        .outerjoin(holds, is_its_hold)
        .where(needs_hold, holds.c.id.is_(None)),
    )
    yield _Rule(
        "job {id} costs {price_micro}, but its attempt {attempt} holds {amount_micro}",
        select(jobs.c.id, jobs.c.price_micro, jobs.c.attempt, holds.c.amount_micro)
        .outerjoin(holds, (holds.c.job_id == jobs.c.id) & (holds.c.attempt == jobs.c.attempt))
        .where(_differs(holds.c.amount_micro, jobs.c.price_micro)),
    )


def _charge_rules(money: CTE) -> Iterable[_Rule]:
    yield _Rule(
        "job {id} is {state}, but has {charges} charges instead of one",
        select(money).where(money.c.state.in_(PAID), money.c.charges != 1),
    )
    yield _Rule(
        "job {id} is {state}, but has {charges} charges instead of none",
        select(money).where(money.c.state.in_(_UNPAID), money.c.charges != 0),
    )
    yield _Rule(
        "job {id} is {state}, but its member paid {paid} in all",
        select(money).where(
            or_(
                money.c.paid < 0,
                (money.c.state == JobState.RESULT_LOST) & (money.c.paid != 0),
            )
        ),
    )


def _open_hold_rules(money: CTE) -> Iterable[_Rule]:
    yield _Rule(
        "job {id} is {state}, but has {open_holds} open holds instead of none",
        select(money).where(money.c.state.in_(PAID | ENDED_WITHOUT_VIDEO), money.c.open_holds != 0),
    )
    yield _Rule(
        "job {id} is {state}, but has {open_holds} open holds instead of one",
        select(money).where(money.c.state.in_(HOLDING), money.c.open_holds != 1),
    )
    yield _Rule(
        "job {id} is {state}, but has {open_holds} open holds instead of one at most",
        select(money).where(money.c.state.in_(_MAY_HOLD), money.c.open_holds > 1),
    )


def _job_rules() -> Iterable[_Rule]:
    yield _Rule(
        "task {task_id} belongs to {count} jobs, {first} and {last} among them",
        select(
            jobs.c.task_id,
            func.count().label("count"),
            func.min(jobs.c.id).label("first"),
            func.max(jobs.c.id).label("last"),
        )
        .where(jobs.c.task_id.is_not(None))
        .group_by(jobs.c.model, jobs.c.task_id)
        .having(func.count() > 1),
    )
    latest = select(func.max(job_events.c.id)).group_by(job_events.c.job_id)
    event = select(job_events).where(job_events.c.id.in_(latest)).subquery()
    yield _Rule(
        "job {id} is {state}, but its last event says {target}",
        select(jobs.c.id, jobs.c.state, event.c.target)
        .outerjoin(event, event.c.job_id == jobs.c.id)
        .where(_differs(event.c.target, jobs.c.state)),
    )
    yield _Rule(
        "job {id} is delivered, but no result message is known",
        select(jobs.c.id).where(
            jobs.c.state == JobState.DELIVERED, jobs.c.result_message_id.is_(None)
        ),
    )


def _sum(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.sum(amount)


def _differs(outer: ColumnElement[Any], inner: ColumnElement[Any]) -> ColumnElement[bool]:
    """Say that a value on the far side of an outer join is another, or is missing."""
    return or_(outer.is_(None), outer != inner)


_HOLDS = _holds()
_MONEY = _job_money(_HOLDS)
_RULES = (
    *_bucket_rules(_HOLDS),
    *_hold_rules(_HOLDS),
    *_charge_rules(_MONEY),
    *_open_hold_rules(_MONEY),
    *_job_rules(),
)
