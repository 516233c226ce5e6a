"""Offers beside a refusal: the same request as it would be taken, made with one click."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cogs.generation.confirmations import PendingConfirmation
from cogs.ui.i18n import _, format_price, ngettext
from domain.errors import RulesViolated
from domain.models import MODELS
from domain.money import MicroUSD
from domain.pricing import quote
from domain.quotas import RemainingQuota
from domain.requests import Draft, VideoRequest
from domain.violations import Violation, ViolationCode


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """A checked request, how many takes are made of it, and above which price to ask."""

    request: VideoRequest
    takes: int
    confirm_above: MicroUSD | None

    @property
    def price(self) -> MicroUSD:
        """Return the price of all takes."""
        return MicroUSD(quote(self.request).amount * self.takes)


ValidateDraft = Callable[[Draft], Awaitable[CheckedRequest]]
"""Returns the request of a draft; raises `RulesViolated`."""

_OVER_QUOTA: Final = frozenset({ViolationCode.QUOTA_EXCEEDED, ViolationCode.QUOTA_TOO_SMALL})


Offer = tuple[PendingConfirmation, str]
"""A request at its price, and the label of the button that makes it."""


async def find_public(refused: PendingConfirmation, validate: ValidateDraft) -> Offer | None:
    """Return a private request as a public one; None if it breaks other rules."""
    public = replace(refused.draft, private=False)
    try:
        price = (await validate(public)).price
    except RulesViolated:
        return None
    return replace(refused, draft=public, price=price), _("Make it public")


async def find_cheaper(
    refused: PendingConfirmation, validate: ValidateDraft, remaining: RemainingQuota
) -> Offer | None:
    """Return the best that the quota covers of a request; None if it covers nothing."""
    affordable = find_affordable(remaining)
    if affordable is None:
        return None
    wanted = await validate(refused.draft)
    for draft in _cheaper_drafts(refused.draft, wanted):
        try:
            checked = await validate(draft)
        except RulesViolated:
            continue
        if checked.price <= affordable:
            offered = replace(refused, draft=draft, price=checked.price)
            return offered, _format(checked, wanted)
    return None


def is_over_quota(violations: Sequence[Violation]) -> bool:
    """Return whether a request is refused for its price alone."""
    return all(violation.code in _OVER_QUOTA for violation in violations)


def is_private_alone(violations: Sequence[Violation]) -> bool:
    """Return whether a request is refused for being private alone."""
    return [violation.code for violation in violations] == [ViolationCode.PRIVATE_NOT_ALLOWED]


def find_affordable(remaining: RemainingQuota) -> MicroUSD | None:
    """Return the price that every limit covers, with the member's grants; None without limits."""
    lefts = [usage.remaining for usage in remaining.usages if usage.remaining is not None]
    return MicroUSD(min(lefts) + remaining.grant_balance) if lefts else None


def _cheaper_drafts(draft: Draft, wanted: CheckedRequest) -> Iterator[Draft]:
    """Yield drafts of fewer takes, then with fewer pixels, the most first, then shorter ones."""
    request = wanted.request
    for takes in range(wanted.takes - 1, 0, -1):
        yield replace(draft, takes=takes)
    draft = replace(draft, takes=1)
    model = MODELS[request.model]
    ascending = model.resolutions
    lower = ascending[: ascending.index(request.resolution)]
    for resolution in reversed(lower):
        yield replace(draft, resolution=resolution, seconds=request.seconds)
    for seconds in range(request.seconds - 1, model.min_seconds - 1, -1):
        yield replace(draft, resolution=ascending[0], seconds=seconds)


def _format(offered: CheckedRequest, asked: CheckedRequest) -> str:
    amount, smaller, wanted = format_price(offered.price), offered.request, asked.request
    if smaller == wanted:
        return ngettext(
            "Make {count} take for {amount}",
            "Make {count} takes for {amount}",
            offered.takes,
            amount=amount,
        )
    if smaller.seconds == wanted.seconds:
        return _(
            "Make it at {resolution} for {amount}", resolution=smaller.resolution, amount=amount
        )
    return _(
        "Make {seconds} s at {resolution} for {amount}",
        seconds=smaller.seconds,
        resolution=smaller.resolution,
        amount=amount,
    )
