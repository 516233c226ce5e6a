"""Messages for the operator: the status of the service, parked jobs, confirmations."""

from typing import Any, Final

import discord
from discord import ui

from cogs.operator.alerts import format_low_disk_space
from cogs.operator.buttons import DecisionButton, ParkedPageButton, ReleaseAllButton
from cogs.ui import text
from cogs.ui.i18n import _, format_usd, ngettext
from cogs.ui.layout import BLUE, LayoutItem, box, layout, optional_row, row, text_block
from workflow.operator.control import ServiceStatus
from workflow.operator.parked_jobs import Decision, ParkedJob, ParkedPage

_AMBER: Final = discord.Colour(0xF0B232)
_TEXT_SHOWN: Final = 150
"""Characters of an error or a reason; a page of three jobs has to fit into 4,000."""

_EVENTS_SHOWN: Final = 4
_ENTRIES_SHOWN: Final = 4


def render_service_status(status: ServiceStatus) -> ui.LayoutView:
    """Build the message with the status of the service."""
    counts = ", ".join(f"{count} {state}" for state, count in sorted(status.jobs.items()))
    balance = _("not known") if status.balance is None else format_usd(status.balance)
    lines = [
        f"**{_format_submission_state(status)}**",
        _("Jobs: {counts}", counts=counts or _("none yet")),
        _("At APIXO now: {now} of {most}", now=status.in_flight, most=status.max_in_flight),
        _format_exposure(status),
        _("Balance at APIXO: {balance}", balance=balance),
        *_format_oldest_wait(status),
        ngettext(
            "{count} job waits for you: /operator parked",
            "{count} jobs wait for you: /operator parked",
            status.parked,
        ),
    ]
    return layout(box(BLUE if status.parked == 0 else _AMBER, text_block("\n".join(lines))))


def render_parked_jobs(page: ParkedPage, message: str | None = None) -> ui.LayoutView:
    """Build a page of the parked jobs, below the `message` about the last decision."""
    items: list[LayoutItem] = [] if message is None else [text_block(message)]
    if not page.rows:
        return layout(*items, text_block(_("No job waits for a decision of yours.")))
    title = ngettext("**{count} job waits for you**", "**{count} jobs wait for you**", page.total)
    parts: list[LayoutItem] = [text_block(title)]
    for parked in page.rows:
        job = parked.job
        buttons = [
            DecisionButton(decision, job.id, job.fence) for decision in parked.allowed_decisions
        ]
        parts += [ui.Separator[Any](), text_block(_format_job(parked)), row(*buttons)]
    items.append(box(_AMBER, *parts))
    items += optional_row(*_release_all_buttons(page))
    if page.pages > 1:
        items.append(_page_buttons(page))
    return layout(*items)


def render_confirmation(parked: ParkedJob, decision: Decision) -> ui.LayoutView:
    """Build the question about a decision's effect on money, and the button that confirms it."""
    job = parked.job
    text = f"{_confirmation_question(parked, decision)}\n-# {job.id} · {job.state}"
    confirm = DecisionButton(decision, job.id, job.fence, is_confirmed=True)
    back = ParkedPageButton(0, _("Back to the list"))
    return layout(box(_AMBER, text_block(text)), row(confirm, back))


def render_release_all_question(guild_id: int, count: int) -> ui.LayoutView:
    """Build the question about releasing a server's jobs parked by a restore."""
    question = ngettext(
        "Release the **{count}** job of server {server} that was open in the restored backup? Its "
        "hold goes back to its member, and nothing is booked. It ends without a video.",
        "Release the **{count}** jobs of server {server} that were open in the restored backup? "
        "Their holds go back to their members, and nothing is booked. They end without a video.",
        count,
        server=guild_id,
    )
    confirm = ReleaseAllButton(guild_id, _("Release all"), is_confirmed=True)
    back = ParkedPageButton(0, _("Back to the list"))
    return layout(box(_AMBER, text_block(question)), row(confirm, back))


def _release_all_buttons(page: ParkedPage) -> list[LayoutItem]:
    """Build a button for each server on a page that has jobs parked by a restore."""
    is_single = len(page.releasable) == 1
    return [
        ReleaseAllButton(
            guild_id,
            _("Release all ({count})", count=count)
            if is_single
            else _("Release all of {server} ({count})", server=guild_id, count=count),
        )
        for guild_id, count in page.releasable.items()
    ]


def _format_submission_state(status: ServiceStatus) -> str:
    pause = status.submission_pause
    if pause.stopped_at_ms is not None:
        return _(
            "Stopped by <@{who}> <t:{since}:R>: {reason}",
            who=pause.stopped_by,
            since=pause.stopped_at_ms // 1000,
            reason=text.sanitize(pause.stop_reason or "", _TEXT_SHOWN),
        )
    if status.exposure.is_reached:
        return _("Stopped by itself: the exposure of today is at its limit. /operator resume")
    if status.disk_space.is_low:
        return _("Stopped by itself: {why}", why=format_low_disk_space(status.disk_space))
    if pause.is_paused(status.now_ms):
        until_s = (pause.paused_until_ms or 0) // 1000
        return _("Paused until <t:{until}:T>: {reason}", until=until_s, reason=pause.reason)
    return _("Going")


def _format_exposure(status: ServiceStatus) -> str:
    amount, limit = format_usd(status.exposure.amount), status.exposure.limit
    if limit is None:
        return _("Exposure today: {amount}, no limit", amount=amount)
    if status.exposure.accepted:
        return _(
            "Exposure today: {amount}, stops at {limit} beyond the {accepted} that you accepted",
            amount=amount,
            limit=format_usd(limit),
            accepted=format_usd(status.exposure.accepted),
        )
    return _("Exposure today: {amount}, stops at {limit}", amount=amount, limit=format_usd(limit))


def _format_oldest_wait(status: ServiceStatus) -> list[str]:
    if status.oldest_queued_ms is None:
        return []
    return [_("Waiting longest: since <t:{since}:R>", since=status.oldest_queued_ms // 1000)]


def _format_job(row: ParkedJob) -> str:
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
            f"-# {_format_events(row)}",
            f"-# {_format_entries(row)}",
            f"-# {job.id}",
        ]
    )


def _format_events(row: ParkedJob) -> str:
    return " → ".join(
        f"{event.target} <t:{event.at_ms // 1000}:T>" for event in row.events[-_EVENTS_SHOWN:]
    )


def _format_entries(row: ParkedJob) -> str:
    return " · ".join(
        f"{entry.kind} {format_usd(entry.amount)} ({entry.account})"
        for entry in row.entries[-_ENTRIES_SHOWN:]
    )


def _confirmation_question(row: ParkedJob, decision: Decision) -> str:
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


def _page_buttons(page: ParkedPage) -> LayoutItem:
    last = page.pages - 1
    return row(
        ParkedPageButton(max(0, page.number - 1), _("Previous"), disabled=page.number == 0),
        ParkedPageButton(page.number + 1, _("Next"), disabled=page.number >= last),
    )
