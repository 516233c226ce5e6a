"""Audit of the invariants that jobs and ledger must satisfy together.

Each rule is one query for the rows that break it; it does not rely on guards or transitions.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.durations import DAY_MS
from domain.jobs import (
    ENDED_WITHOUT_VIDEO,
    HOLDING,
    MAY_HOLD,
    PAID,
    RESULT_MESSAGE_DELETED,
    JobState,
)
from storage.billing import get_totals
from storage.jobs import count_by_state
from storage.quotas import GRANT_BUCKET_PREFIX, MEMBER_BUCKET_PREFIX
from storage.schema import billing, billing_buckets, daily_sums, job_events, jobs, quota_buckets

_UNPAID = HOLDING | {JobState.CANCELLED, JobState.REJECTED, JobState.SUBMIT_UNKNOWN}
_HOLD_COLUMNS = (
    *("id", "job_id", "attempt", "guild_id", "user_id", "amount_micro", "from_grant_micro"),
)
# States in which the operator may bear the price instead of a hold.
_MAY_BE_BORNE = frozenset({JobState.GENERATING, JobState.STUCK})
_NEVER_BORNE = frozenset(
    {JobState.QUEUED, JobState.SUBMITTING, JobState.CANCELLED, JobState.REJECTED}
)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Result of an audit: jobs by state, ledger totals, and each violation with its row."""

    ok: bool
    jobs: dict[str, int]
    ledger: dict[str, int]
    violations: tuple[str, ...]


async def run_audit(tx: AsyncConnection) -> AuditReport:
    """Check every invariant; `tx` comes from `Database.read`, to see one snapshot."""
    violations = [
        rule.broken.format_map(dict(row))
        for rule in _RULES
        for row in (await tx.execute(rule.rows)).mappings()
    ]
    return AuditReport(
        ok=not violations,
        jobs={str(state): count for state, count in (await count_by_state(tx)).items()},
        ledger=asdict(await get_totals(tx)),
        violations=tuple(violations),
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    broken: str
    rows: Select[*tuple[Any, ...]]


def _holds() -> CTE:
    """Select the holds, each with the sums of the ledger rows that reference it."""
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
            _sum(case((is_resolution, entry.c.from_grant_micro), else_=0)).label("resolved_grant"),
            _sum(case((is_release, entry.c.from_grant_micro), else_=0)).label("released_grant"),
            _sum(case((is_cost, entry.c.from_grant_micro), else_=0)).label("cost_grant"),
        )
        .group_by(entry.c.hold_id)
        .subquery()
    )
    return (
        select(
            *(billing.c[name] for name in _HOLD_COLUMNS),
            *(func.coalesce(column, 0).label(column.key) for column in list(linked.c)[1:]),
        )
        .outerjoin(linked, linked.c.hold_id == billing.c.id)
        .where(billing.c.kind == "hold")
        .cte("holds")
    )


def _job_money(holds: CTE) -> CTE:
    """Select the jobs, each with its open holds, its charges, and what its member paid in all.

    `borne` is what the operator bears of it; `bookings` is 1 if that is anything, else 0.
    """
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
    booked = (
        select(billing.c.job_id, _sum(billing.c.amount_micro).label("borne"))
        .where(billing.c.kind == "adjust", billing.c.account == "operator")
        .group_by(billing.c.job_id)
        .subquery()
    )
    return (
        select(
            jobs.c.id,
            jobs.c.state,
            jobs.c.price_micro,
            func.coalesce(opened.c.open_holds, 0).label("open_holds"),
            func.coalesce(paid.c.charges, 0).label("charges"),
            func.coalesce(paid.c.paid, 0).label("paid"),
            func.coalesce(booked.c.borne, 0).label("borne"),
            case((booked.c.borne > 0, 1), else_=0).label("bookings"),
        )
        .outerjoin(opened, opened.c.job_id == jobs.c.id)
        .outerjoin(paid, paid.c.job_id == jobs.c.id)
        .outerjoin(booked, booked.c.job_id == jobs.c.id)
        .cte("job_money")
    )


def _bucket_rules(holds: CTE) -> Iterable[_Rule]:
    bucket_id = billing_buckets.c.bucket_id
    held = case((holds.c.resolutions == 0, holds.c.amount_micro), else_=0)
    held_grant = case((holds.c.resolutions == 0, holds.c.from_grant_micro), else_=0)
    due = (
        select(
            bucket_id,
            _sum(_share(bucket_id, held, held_grant)).label("held"),
            _sum(_share(bucket_id, holds.c.cost, holds.c.cost_grant)).label("charged"),
        )
        .join(holds, holds.c.id == billing_buckets.c.hold_id)
        .group_by(bucket_id)
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


def _grant_bucket_rules(holds: CTE) -> Iterable[_Rule]:
    given = (
        select(
            _grant_bucket_id(billing).label("grant_bucket"),
            _sum(billing.c.amount_micro).label("granted"),
        )
        .where(billing.c.kind == "grant")
        .group_by("grant_bucket")
        .subquery()
    )
    granted = func.coalesce(given.c.granted, 0)
    yield _Rule(
        "bucket {bucket_id} has {granted_micro} granted, but its ledger rows make {granted}",
        select(quota_buckets, granted.label("granted"))
        .outerjoin(given, given.c.grant_bucket == quota_buckets.c.bucket_id)
        .where(quota_buckets.c.granted_micro != granted),
    )
    yield _Rule(
        "grants of {granted} have no bucket {grant_bucket}",
        select(given).where(given.c.grant_bucket.not_in(select(quota_buckets.c.bucket_id))),
    )
    used = quota_buckets.c.held_micro + quota_buckets.c.charged_micro
    yield _Rule(
        "bucket {bucket_id} has {granted_micro} granted, but {used} held or charged",
        select(quota_buckets, used.label("used")).where(
            quota_buckets.c.bucket_id.startswith(GRANT_BUCKET_PREFIX),
            used > quota_buckets.c.granted_micro,
        ),
    )
    in_grant_bucket = select(billing_buckets.c.hold_id).where(
        billing_buckets.c.hold_id == holds.c.id,
        billing_buckets.c.bucket_id == _grant_bucket_id(holds),
    )
    yield _Rule(
        "hold {id} of job {job_id} takes {from_grant_micro} from grants, "
        "but counts in no grant bucket",
        select(holds).where(holds.c.from_grant_micro > 0, ~in_grant_bucket.exists()),
    )


def _grant_rules(holds: CTE) -> Iterable[_Rule]:
    yield _Rule(
        "hold {id} of job {job_id} takes {from_grant_micro} from grants, "
        "but {resolved_grant} of that were charged or released",
        select(holds).where(
            or_(
                holds.c.resolved_grant > holds.c.from_grant_micro,
                (holds.c.released > 0) & (holds.c.released_grant != holds.c.from_grant_micro),
            )
        ),
    )
    yield _Rule(
        "job {job_id} cost grants {cost_grant} for hold {id}, and {cost} in all",
        select(holds).where(
            or_(
                holds.c.cost_grant < 0,
                holds.c.cost_grant > case((holds.c.cost > 0, holds.c.cost), else_=0),
            )
        ),
    )
    back, given = billing.alias("back"), billing.alias("given")
    is_its_grant = and_(
        given.c.id == back.c.grant_id,
        given.c.kind == "grant",
        given.c.amount_micro > 0,
        given.c.guild_id == back.c.guild_id,
        given.c.user_id == back.c.user_id,
    )
    yield _Rule(
        "entry {id} takes back from no grant of its member",
        select(back.c.id)
        .outerjoin(given, is_its_grant)
        .where(back.c.kind == "grant", back.c.amount_micro < 0, given.c.id.is_(None)),
    )
    rest = given.c.amount_micro + _sum(back.c.amount_micro)
    yield _Rule(
        "grant {id} is of {amount_micro}, but more was taken back: {rest} remain",
        select(given.c.id, given.c.amount_micro, rest.label("rest"))
        .join(back, back.c.grant_id == given.c.id)
        .group_by(given.c.id, given.c.amount_micro)
        .having(rest < 0),
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
        select(money).where(money.c.state.in_(PAID), money.c.charges + money.c.bookings != 1),
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
    # A job proceeds without a hold only if its task was found after the hold was released.
    borne = case((money.c.state.in_(_MAY_BE_BORNE), money.c.bookings), else_=0)
    yield _Rule(
        "job {id} is {state}, but has {open_holds} open holds instead of none",
        select(money).where(money.c.state.in_(PAID | ENDED_WITHOUT_VIDEO), money.c.open_holds != 0),
    )
    yield _Rule(
        "job {id} is {state}, but has {open_holds} open holds instead of one",
        select(money).where(money.c.state.in_(HOLDING), money.c.open_holds + borne != 1),
    )
    yield _Rule(
        "job {id} is {state}, but has {open_holds} open holds instead of one at most",
        select(money).where(money.c.state.in_(MAY_HOLD - HOLDING), money.c.open_holds > 1),
    )


def _operator_rules(money: CTE) -> Iterable[_Rule]:
    yield _Rule(
        "job {id} costs {price_micro}, but the operator bears {borne}",
        select(money).where(money.c.borne.not_in([0, money.c.price_micro])),
    )
    yield _Rule(
        "job {id} is {state}, but the operator bears {borne}",
        select(money).where(money.c.state.in_(_NEVER_BORNE), money.c.borne != 0),
    )
    yield _Rule(
        "job {id} has an open hold, and the operator bears {borne}",
        select(money).where(money.c.open_holds > 0, money.c.borne != 0),
    )
    yield _Rule(
        "job {id} is {state}, with neither a hold nor a booking for the operator",
        select(money).where(
            money.c.state == JobState.SUBMIT_UNKNOWN,
            money.c.open_holds + money.c.bookings == 0,
        ),
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
            jobs.c.state == JobState.DELIVERED,
            jobs.c.result_message_id.is_(None),
            func.coalesce(jobs.c.reason, "") != RESULT_MESSAGE_DELETED,
            jobs.c.erased_at_ms.is_(None),
        ),
    )


def _daily_rules() -> Iterable[_Rule]:
    """Compare the daily sums with the ledger rows and ended jobs that they summarize.

    The recomputed values are negated, so that a UNION of both sides must sum to zero.
    """
    keys = [column.name for column in daily_sums.primary_key]
    names = [column.name for column in daily_sums.c if column.name not in keys]
    negated = union_all(_negated_entries(names), _negated_ends(names)).subquery()
    subjects = {"server": literal(0), "user": negated.c.user_id, "channel": negated.c.channel_id}
    for scope, subject in subjects.items():
        stored = select(*(daily_sums.c[key] for key in ("guild_id", "day", "model")))
        stored = stored.add_columns(
            daily_sums.c.subject_id, *(daily_sums.c[name] for name in names)
        )
        recomputed = select(negated.c.guild_id, negated.c.day, negated.c.model)
        recomputed = recomputed.add_columns(subject, *(negated.c[name] for name in names))
        parts = union_all(stored.where(daily_sums.c.scope == scope), recomputed).subquery()
        yield _daily_sum_rule(scope, parts, names)


def _daily_sum_rule(scope: str, parts: Subquery, names: Iterable[str]) -> _Rule:
    keys = [parts.c[key] for key in ("guild_id", "day", "model", "subject_id")]
    differences = [_sum(parts.c[name]).label(name) for name in names]
    excess = ", ".join(f"{{{name}}} {name}" for name in names)
    return _Rule(
        f"the sums of server {{guild_id}} on day {{day}} for {scope} {{subject_id}} and {{model}} "
        f"exceed its rows by {excess}",
        select(*keys, *differences)
        .group_by(*keys)
        .having(or_(*(difference != 0 for difference in differences))),
    )


def _negated_entries(names: Iterable[str]) -> Select[*tuple[Any, ...]]:
    kind, amount = billing.c.kind, billing.c.amount_micro
    counted = {
        "charged_micro": case((kind == "charge", -amount), else_=0),
        "adjusted_micro": case((kind == "adjust", -amount), else_=0),
        "released_micro": case((kind == "release", -amount), else_=0),
        "charges": case(((kind == "charge") & (amount > 0), -1), else_=0),
    }
    day = (billing.c.created_at_ms // DAY_MS).label("day")
    return (
        select(billing.c.guild_id, day, jobs.c.model, billing.c.user_id, jobs.c.channel_id)
        .add_columns(*(counted.get(name, literal(0)).label(name) for name in names))
        .join(jobs, jobs.c.id == billing.c.job_id)
        .where(billing.c.account == "member", kind.in_(["charge", "adjust", "release"]))
    )


def _negated_ends(names: Iterable[str]) -> Select[*tuple[Any, ...]]:
    state, delivered = jobs.c.state, jobs.c.state == JobState.DELIVERED
    counted = {
        "delivered": case((delivered, -1), else_=0),
        "failed": case((state.in_([JobState.FAILED, JobState.REJECTED]), -1), else_=0),
        "cancelled": case((state == JobState.CANCELLED, -1), else_=0),
        "waited_ms": case((delivered, jobs.c.created_at_ms - jobs.c.ended_at_ms), else_=0),
    }
    day = (jobs.c.ended_at_ms // DAY_MS).label("day")
    return (
        select(jobs.c.guild_id, day, jobs.c.model, jobs.c.user_id, jobs.c.channel_id)
        .add_columns(*(counted.get(name, literal(0)).label(name) for name in names))
        .where(jobs.c.ended_at_ms.is_not(None))
    )


def _share(
    bucket_id: ColumnElement[str], amount: ColumnElement[Any], from_grant: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Return the part of an amount that counts in a bucket."""
    return case(
        (bucket_id.startswith(GRANT_BUCKET_PREFIX), from_grant),
        (bucket_id.startswith(MEMBER_BUCKET_PREFIX), amount - from_grant),
        else_=amount,
    )


def _grant_bucket_id(rows: FromClause) -> ColumnElement[str]:
    """Return the id of the grant bucket of a row's member."""
    guild, user = cast(rows.c.guild_id, Text), cast(rows.c.user_id, Text)
    prefix = literal(f"{GRANT_BUCKET_PREFIX}:")
    name: ColumnElement[str] = prefix.concat(guild).concat(":").concat(user)
    return name


def _sum(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.sum(amount)


def _differs(outer: ColumnElement[Any], inner: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether the value on the nullable side of an outer join differs or is missing."""
    return or_(outer.is_(None), outer != inner)


_HOLDS = _holds()
_MONEY = _job_money(_HOLDS)
_RULES = (
    *_bucket_rules(_HOLDS),
    *_grant_bucket_rules(_HOLDS),
    *_grant_rules(_HOLDS),
    *_hold_rules(_HOLDS),
    *_charge_rules(_MONEY),
    *_open_hold_rules(_MONEY),
    *_operator_rules(_MONEY),
    *_job_rules(),
    *_daily_rules(),
)
