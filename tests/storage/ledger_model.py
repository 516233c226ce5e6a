"""What must be true of quotas and grants, written down a second time, without a database."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

Member = tuple[int, int]
"""A server and a user."""

LimitKey = tuple[int, str, int, str]
"""Where a limit is set: server, target, subject and kind."""

DEFAULTS = {"member": 150, "server": 400, "everything": 500}


@dataclass
class Hold:
    """A hold, the buckets it counts in, and what it cost the quota and the grants."""

    member: Member
    quota: int
    grant: int
    buckets: tuple[str, ...]
    is_open: bool = True
    paid: int = 0
    paid_by_grant: int = 0


@dataclass
class LedgerModel:
    """Buckets, grants, limits and sums as they must be."""

    now_ms: int
    held: Counter[str] = field(default_factory=Counter[str])
    charged: Counter[str] = field(default_factory=Counter[str])
    granted: Counter[str] = field(default_factory=Counter[str])
    holds: dict[str, Hold] = field(default_factory=dict[str, Hold])
    grants: dict[int, tuple[Member, int]] = field(default_factory=dict[int, tuple[Member, int]])
    limits: dict[LimitKey, int | None] = field(default_factory=dict[LimitKey, int | None])
    roles: dict[Member, tuple[int, ...]] = field(default_factory=dict[Member, tuple[int, ...]])
    sums: Counter[str] = field(default_factory=Counter[str])

    def limit(self, scope: str, member: Member, kind: str) -> int | None:
        """Find the limit that counts."""
        guild, user = member
        if scope != "member":
            where = (0 if scope == "everything" else guild, scope, 0, kind)
            return self.limits.get(where, DEFAULTS[scope] if kind == "day" else None)
        if (guild, "member", user, kind) in self.limits:
            return self.limits[guild, "member", user, kind]
        wheres = [(guild, "role", role, kind) for role in self.roles.get(member, ())]
        of_roles = [self.limits[where] for where in wheres if where in self.limits]
        if of_roles:
            return None if None in of_roles else max(limit or 0 for limit in of_roles)
        default = DEFAULTS["member"] if kind == "day" else None
        return self.limits.get((guild, "members", 0, kind), default)

    def remaining(self, scope: str, member: Member) -> int:
        """Return what fits under both limits of a scope."""
        limits = {kind: self.limit(scope, member, kind) for kind in ("day", "month")}
        rooms = [
            limit - self.used(self.bucket(scope, member, kind))
            for kind, limit in limits.items()
            if limit is not None
        ]
        return max(0, min([10**9, *rooms]))

    def used(self, bucket: str) -> int:
        return self.held[bucket] + self.charged[bucket]

    def unspent(self, member: Member) -> int:
        return self.granted[grant_bucket(member)] - self.used(grant_bucket(member))

    def fits(self, member: Member, price: int) -> bool:
        own = self.remaining("member", member) + self.unspent(member)
        return price <= min(
            own, self.remaining("server", member), self.remaining("everything", member)
        )

    def hold(self, job: str, member: Member, price: int, grant: int | None = None) -> None:
        """Take a hold in, by default with what the quota lacks from the grants."""
        if grant is None:
            grant = price - min(price, self.remaining("member", member))
        buckets = tuple(
            self.bucket(scope, member, kind)
            for scope in ("member", "server", "everything")
            for kind in ("day", "month")
        )
        made = self.holds[job] = Hold(member, price - grant, grant, buckets)
        self._count(made, self.held, made.quota, made.grant)
        self.sums["held"] += price

    def charge(self, job: str, amount: int) -> None:
        hold = self._end(job)
        by_grant = max(0, amount - hold.quota)
        hold.paid, hold.paid_by_grant = amount, by_grant
        self._count(hold, self.charged, amount - by_grant, by_grant)
        self.sums["charged"] += amount

    def release(self, job: str) -> None:
        hold = self._end(job)
        self.sums["released"] += hold.quota + hold.grant

    def adjust(self, job: str, amount: int) -> None:
        hold = self.holds[job]
        by_grant = max(amount, -hold.paid_by_grant) if amount < 0 else 0
        hold.paid += amount
        hold.paid_by_grant += by_grant
        self._count(hold, self.charged, amount - by_grant, by_grant)
        self.sums["adjusted"] += amount

    def grant(self, number: int, member: Member, amount: int) -> None:
        """Take in what is given."""
        self.grants[number] = member, amount
        self._give(member, amount)

    def unspent_of(self, number: int) -> int:
        """Return what is unspent of a grant, the oldest being spent first."""
        member, rest = self.grants[number]
        newer = sum(r for n, (m, r) in self.grants.items() if m == member and n > number)
        return max(0, min(rest, self.unspent(member) - newer))

    def revoke(self, number: int, amount: int) -> None:
        """Take in what is taken back."""
        member, rest = self.grants[number]
        self.grants[number] = member, rest - amount
        self._give(member, -amount)

    def bucket(self, scope: str, member: Member, kind: str) -> str:
        guild, user = member
        date = f"{datetime.fromtimestamp(self.now_ms / 1000, UTC):%Y-%m-%d}"
        name = {"member": f"member:{guild}:{user}", "server": f"server:{guild}"}
        return f"{name.get(scope, scope)}:{kind}:{date if kind == 'day' else date[:7]}"

    def buckets(self) -> dict[str, tuple[int, int, int]]:
        names = self.held.keys() | self.granted.keys()
        return {name: (self.held[name], self.charged[name], self.granted[name]) for name in names}

    def _end(self, job: str) -> Hold:
        hold = self.holds[job]
        hold.is_open = False
        self._count(hold, self.held, -hold.quota, -hold.grant)
        self.sums["held"] -= hold.quota + hold.grant
        return hold

    @staticmethod
    def _count(hold: Hold, counter: Counter[str], quota: int, grant: int) -> None:
        for bucket in hold.buckets:
            counter[bucket] += quota if bucket.startswith("member") else quota + grant
        if hold.grant:
            counter[grant_bucket(hold.member)] += grant

    def _give(self, member: Member, amount: int) -> None:
        self.granted[grant_bucket(member)] += amount
        self.sums["granted"] += amount


def grant_bucket(member: Member) -> str:
    """Name the bucket of a member's grants."""
    return "purse:{}:{}".format(*member)
