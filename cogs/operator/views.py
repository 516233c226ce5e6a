"""Knows how the service looks to its operator: at a glance, and its parked jobs with facts."""

from typing import Any, Final

import discord
from discord import ui

from cogs.operator.alerts import format_low_disk_space
from cogs.operator.buttons import DecisionButton, ParkedPageButton
from cogs.ui import text
from cogs.ui.i18n import _, format_usd, ngettext
from cogs.ui.layout import BLUE, LayoutItem, box, layout, text_block
from workflow.operator.control import ServiceStatus
from workflow.operator.parked_jobs import Decision, ParkedJob, ParkedPage

_AMBER: Final = discord.Colour(0xF0B232)
_TEXT_SHOWN: Final = 150
"""Characters of an error or a reason; three jobs have to fit into 4,000."""

_EVENTS_SHOWN: Final = 4
_ENTRIES_SHOWN: Final = 4


def render_service_status(of: ServiceStatus) -> ui.LayoutView:
    """Lay out how the service stands."""
    counts = ", ".join(f"{count} {state}" for state, count in sorted(of.jobs.items()))
    balance = _("not known") if of.balance is None else format_usd(of.balance)
    lines = [
        f"**{_going(of)}**",
        _("Jobs: {counts}", counts=counts or _("none yet")),
        _("At APIXO now: {now} of {most}", now=of.in_flight, most=of.max_in_flight),
        _exposure(of),
        _("Balance at APIXO: {balance}", balance=balance),
        *_waiting(of),
        ngettext(
            "{count} job waits for you: /operator parked",
            "{count} jobs wait for you: /operator parked",
            of.parked,
        ),
    ]
    return layout(box(BLUE if of.parked == 0 else _AMBER, text_block("\n".join(lines))))


def render_parked_jobs(page: ParkedPage, said: str | None = None) -> ui.LayoutView:
    """Lay out a page of the parked jobs, under what was `said` to the last click."""
    items: list[LayoutItem] = [] if said is None else [text_block(said)]
    if not page.rows:
        return layout(*items, text_block(_("No job waits for a decision of yours.")))
    title = ngettext("**{count} job waits for you**", "**{count} jobs wait for you**", page.total)
    parts: list[LayoutItem] = [text_block(title)]
    for row in page.rows:
        job = row.job
        buttons = [
            DecisionButton(decision, job.id, job.fence) for decision in row.allowed_decisions
        ]
        parts += [ui.Separator[Any](), text_block(_facts(row)), ui.ActionRow[Any](*buttons)]
    items.append(box(_AMBER, *parts))
    if page.pages > 1:
        items.append(_turning(page))
    return layout(*items)


def render_confirmation(row: ParkedJob, decision: Decision) -> ui.LayoutView:
    """Lay out what a decision would do to the money, and the button that says yes."""
    job = row.job
    text = f"{_asked(row, decision)}\n-# {job.id} · {job.state}"
    sure = DecisionButton(decision, job.id, job.fence, is_confirmed=True)
    back = ParkedPageButton(0, _("Back to the list"))
    return layout(box(_AMBER, text_block(text)), ui.ActionRow[Any](sure, back))


def _going(of: ServiceStatus) -> str:
    belt = of.submission_pause
    if belt.stopped_at_ms is not None:
        return _(
            "Stopped by <@{who}> <t:{since}:R>: {reason}",
            who=belt.stopped_by,
            since=belt.stopped_at_ms // 1000,
            reason=text.sanitize(belt.stop_reason or "", _TEXT_SHOWN),
        )
    if of.exposure.is_reached:
        return _("Stopped by itself: the exposure of today is at its limit. /operator resume")
    if of.disk_space.is_low:
        return _("Stopped by itself: {why}", why=format_low_disk_space(of.disk_space))
    if belt.is_paused(of.now_ms):
        until_s = (belt.paused_until_ms or 0) // 1000
        return _("Paused until <t:{until}:T>: {reason}", until=until_s, reason=belt.reason)
    return _("Going")


def _exposure(of: ServiceStatus) -> str:
    amount, limit = format_usd(of.exposure.amount), of.exposure.limit
    if limit is None:
        return _("Exposure today: {amount}, no limit", amount=amount)
    if of.exposure.accepted:
        return _(
            "Exposure today: {amount}, stops at {limit} beyond the {accepted} that you accepted",
            amount=amount,
            limit=format_usd(limit),
            accepted=format_usd(of.exposure.accepted),
        )
    return _("Exposure today: {amount}, stops at {limit}", amount=amount, limit=format_usd(limit))


def _waiting(of: ServiceStatus) -> list[str]:
    if of.oldest_queued_ms is None:
        return []
    return [_("Waiting longest: since <t:{since}:R>", since=of.oldest_queued_ms // 1000)]


def _facts(row: ParkedJob) -> str:
    job = row.job
    return "\n".join(
        [
            f"**{job.state}** <t:{row.since_ms // 1000}:R>, {text.format_settings(job.request)}",
            _(
                "Asked for by <@{user}> ({user}) in <#{channel}> ({channel}), server {server}",
                user=job.user_id,
                channel=job.channel_id,
                server=job.guild_id,
            ),
            _(
                "Price {price}: held {held}, paid {paid}, borne by you {borne}",
                price=format_usd(job.price),
                held=format_usd(row.held),
                paid=format_usd(row.member_paid),
                borne=format_usd(row.operator_paid),
            ),
            ngettext(
                "Task {task}, sent once",
                "Task {task}, sent {count} times",
                job.submissions,
                task=text.sanitize(job.task_id or _("not known"), _TEXT_SHOWN),
            ),
            f"> {text.sanitize(job.reason or _('no reason known'), _TEXT_SHOWN)}",
            f"-# {_events(row)}",
            f"-# {_entries(row)}",
            f"-# {job.id}",
        ]
    )


def _events(row: ParkedJob) -> str:
    return " → ".join(
        f"{event.target} <t:{event.at_ms // 1000}:T>" for event in row.events[-_EVENTS_SHOWN:]
    )


def _entries(row: ParkedJob) -> str:
    return " · ".join(
        f"{entry.kind} {format_usd(entry.amount)} ({entry.account})"
        for entry in row.entries[-_ENTRIES_SHOWN:]
    )


def _asked(row: ParkedJob, decision: Decision) -> str:
    price = format_usd(row.job.price)
    match decision:
        case Decision.RELEASE if row.held:
            return _(
                "Release **{price}** to <@{user}>, and book nothing? That is right if nothing was "
                "spent at APIXO. The job ends without a video.",
                price=price,
                user=row.job.user_id,
            )
        case Decision.RELEASE:
            return _(
                "Take the **{borne}** off your account? That is right if nothing was spent at "
                "APIXO. The job ends without a video; its member was not charged.",
                borne=format_usd(row.operator_paid),
            )
        case Decision.CHARGE_OPERATOR:
            return _(
                "Have <@{user}> pay nothing, and bear the **{price}** yourself? The job ends "
                "without a video.",
                price=price,
                user=row.job.user_id,
            )
        case _:
            return _(
                "Charge <@{user}> **{price}** as quoted? Then the video is fetched and posted; if "
                "it can not be had, the amount is given back by itself.",
                price=price,
                user=row.job.user_id,
            )


def _turning(page: ParkedPage) -> LayoutItem:
    last = page.pages - 1
    return ui.ActionRow[Any](
        ParkedPageButton(max(0, page.number - 1), _("Previous"), disabled=page.number == 0),
        ParkedPageButton(page.number + 1, _("Next"), disabled=page.number >= last),
    )
