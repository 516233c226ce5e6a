"""Layouts of storyboards: the question about the price, and the private answers."""

from collections.abc import Sequence
from typing import Any

from discord import ui

from cogs.storyboards.controls import StoryboardAction, StoryboardButton
from cogs.storyboards.plans import ShotPlan, StoryboardPlan
from cogs.ui import text
from cogs.ui.i18n import _, format_price, ngettext
from cogs.ui.layout import BLUE, box, layout, row, text_block
from cogs.ui.quota_text import format_own_crossing, format_remaining_quota
from cogs.ui.text import format_submission_block
from domain.quotas import RemainingQuota
from domain.storyboard import ShotStart
from workflow.stages.accept import Accepted

_MAX_PROMPT_CHARS = 150


def render_question(
    plan: StoryboardPlan, key: str, edit: ui.Item[Any], remaining: RemainingQuota
) -> ui.LayoutView:
    """Lay out the shots as they were read, and their price, with the button that confirms it."""
    count = len(plan.shots)
    title = ngettext("🎞️ **{count} shot**", "🎞️ **{count} shots**", count)
    facts = _(
        "{seconds} s in all, for **{price}**.",
        seconds=plan.seconds,
        price=format_price(plan.price),
    )
    lines = [
        title,
        *[_format_shot(number, one) for number, one in enumerate(plan.shots, 1)],
        f"-# {text.format_settings(plan.shots[0].request)}",
        facts,
        format_remaining_quota(remaining),
    ]
    make = StoryboardButton(StoryboardAction.MAKE, key, text.format_spend_label(plan.price))
    return layout(box(BLUE, text_block("\n".join(lines))), row(make, edit))


def render_accepted(accepted: Accepted, *, charge_failures: bool) -> ui.LayoutView:
    """Lay out the private answer to an accepted storyboard."""
    order_id = accepted.job.order_id
    assert order_id is not None, "a storyboard has several shots"
    lines = [
        _("Got it! I'll post your shots as they're done, and your film at the end."),
        *([text.private_notice()] if accepted.job.private else []),
        format_costs(accepted, charge_failures=charge_failures),
        format_remaining_quota(accepted.remaining),
        *map(format_own_crossing, accepted.crossings),
        *_block_lines(accepted),
    ]
    cancel = StoryboardButton(StoryboardAction.CANCEL, order_id)
    return layout(box(BLUE, text_block("\n".join(lines))), row(cancel))


def render_tried_again(accepted: Accepted, *, charge_failures: bool) -> ui.LayoutView:
    """Lay out the private answer to another try of a shot."""
    lines = [
        _("On it! I'm trying this shot again."),
        format_costs(accepted, charge_failures=charge_failures),
        format_remaining_quota(accepted.remaining),
    ]
    return layout(box(BLUE, text_block("\n".join(lines))))


def format_costs(accepted: Accepted, *, charge_failures: bool) -> str:
    """Format what is held for."""
    price = format_price(accepted.price)
    if charge_failures:
        return _("Costs **{price}**. You also pay if it fails.", price=price)
    return _("Costs **{price}**. You only pay for shots that work.", price=price)


def _block_lines(accepted: Accepted) -> Sequence[str]:
    block = accepted.submission_block
    return [] if block is None else [format_submission_block(block)]


def _format_shot(number: int, plan: ShotPlan) -> str:
    prompt = text.sanitize(plan.request.prompt, _MAX_PROMPT_CHARS)
    match plan.shot.start:
        case ShotStart.PICTURE:
            start = _("starts from picture [{picture}]", picture=plan.shot.picture)
        case ShotStart.CUT if number > 1:
            start = _("starts with a cut")
        case _:
            return f"{number}. {prompt}"
    return f"{number}. {prompt} · {start}"
