"""Messages for the operator: the status of the service, parked jobs, confirmations."""

from typing import Any, Final

import discord
from discord import ui

from cogs.operator.alerts import format_counts, format_low_disk_space, format_state
from cogs.operator.buttons import DecisionButton, ParkedPageButton, ReleaseAllButton
from cogs.operator.process_views import format_processes
from cogs.ui import text
from cogs.ui.i18n import _, capitalize_first, format_left, format_price, format_usd, ngettext
from cogs.ui.layout import BLUE, LayoutItem, box, layout, optional_row, row, text_block
from domain.jobs import JobState
from workflow.operator.control import ServiceStatus
from workflow.operator.parked_jobs import Decision, ParkedJob, ParkedPage

_AMBER: Final = discord.Colour(0xF0B232)
_TEXT_SHOWN: Final = 150
"""Characters of an error or a reason; a page of three jobs has to fit into 4,000."""

_EVENTS_SHOWN: Final = 4


def render_service_status(status: ServiceStatus) -> ui.LayoutView:
    """Build the message with the status of the service."""
    balance = _("not known") if status.balance is None else format_left(status.balance)
    lines = [
        f"**{_format_submission_state(status)}**",
        _("Videos: {counts}", counts=format_counts(status.jobs) or _("none yet")),
        _("In progress at APIXO: {now} of {most}", now=status.in_flight, most=status.max_in_flight),
        _format_exposure(status),
        _("APIXO balance: {balance}", balance=balance),
        *_format_oldest_wait(status),
        ngettext(
            "{count} video needs your decision: `/operator parked`",
            "{count} videos need your decision: `/operator parked`",
            status.parked,
        ),
        *format_processes(status.processes),
    ]
    return layout(box(BLUE if status.parked == 0 else _AMBER, text_block("\n".join(lines))))


def render_parked_jobs(page: ParkedPage, message: str | None = None) -> ui.LayoutView:
    """Build a page of the parked jobs, below the `message` about the last decision."""
    items: list[LayoutItem] = [] if message is None else [text_block(message)]
    if not page.rows:
        return layout(*items, text_block(_("Nothing needs your decision.")))
    title = ngettext(
        "**{count} video needs your decision**", "**{count} videos need your decision**", page.total
    )
    parts: list[LayoutItem] = [text_block(title)]
    for parked in page.rows:
        job = parked.job
        buttons = [
            DecisionButton(decision, job.id, job.fence, is_advised=place == 0)
            for place, decision in enumerate(parked.allowed_decisions)
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
    text = f"{_confirmation_question(parked, decision)}\n-# {job.id} · {format_state(job.state)}"
    confirm = DecisionButton(decision, job.id, job.fence, is_confirmed=True)
    back = ParkedPageButton(0, _("Back to the list"))
    return layout(box(_AMBER, text_block(text)), row(confirm, back))


def render_release_all_question(guild_id: int, count: int) -> ui.LayoutView:
    """Build the question about releasing a server's jobs parked by a restore."""
    question = ngettext(
        (
            "End the **{count}** video of server {server} that was open in the restored "
            "backup? Nobody pays, and its reserved money goes back."
        ),
        (
            "End the **{count}** videos of server {server} that were open in the restored "
            "backup? Nobody pays, and their reserved money goes back."
        ),
        count,
        server=guild_id,
    )
    confirm = ReleaseAllButton(guild_id, _("End all"), is_confirmed=True)
    back = ParkedPageButton(0, _("Back to the list"))
    return layout(box(_AMBER, text_block(question)), row(confirm, back))


def _release_all_buttons(page: ParkedPage) -> list[LayoutItem]:
    """Build a button for each server on a page that has jobs parked by a restore."""
    is_single = len(page.releasable) == 1
    return [
        ReleaseAllButton(
            guild_id,
            _("End all ({count})", count=count)
            if is_single
            else _("End all of {server} ({count})", server=guild_id, count=count),
        )
        for guild_id, count in page.releasable.items()
    ]


def _format_submission_state(status: ServiceStatus) -> str:
    pause = status.submission_pause
    if pause.stopped_at_ms is not None:
        return _(
            "Paused by <@{who}> <t:{since}:R>: {reason}",
            who=pause.stopped_by,
            since=pause.stopped_at_ms // 1000,
            reason=text.sanitize(pause.stop_reason or "", _TEXT_SHOWN),
        )
    if status.exposure.is_reached:
        return _(
            "Paused: today's unconfirmed spending is at its limit. Use `/operator resume` to go on."
        )
    if status.disk_space.is_low:
        return _("Paused: {why}", why=format_low_disk_space(status.disk_space))
    if pause.is_paused(status.now_ms):
        until_s = (pause.paused_until_ms or 0) // 1000
        return _("Paused until <t:{until}:T>: {reason}", until=until_s, reason=pause.reason)
    return _("Running")


def _format_exposure(status: ServiceStatus) -> str:
    amount, limit = format_price(status.exposure.amount), status.exposure.limit
    if limit is None:
        return _("Unconfirmed spending today: {amount}, no limit", amount=amount)
    if status.exposure.accepted:
        return _(
            (
                "Unconfirmed spending today: {amount}, pauses at {limit} on top of the "
                "{accepted} you accepted"
            ),
            amount=amount,
            limit=format_usd(limit),
            accepted=format_usd(status.exposure.accepted),
        )
    return _(
        "Unconfirmed spending today: {amount}, pauses at {limit}",
        amount=amount,
        limit=format_usd(limit),
    )


def _format_oldest_wait(status: ServiceStatus) -> list[str]:
    if status.oldest_queued_ms is None:
        return []
    return [_("Longest wait: since <t:{since}:R>", since=status.oldest_queued_ms // 1000)]


def _format_job(row: ParkedJob) -> str:
    job = row.job
    state, since = capitalize_first(format_state(job.state)), f"<t:{row.since_ms // 1000}:R>"
    return "\n".join(
        [
            f"**{state}** {since}, {text.format_settings(job.request)}",
            _(
                "By <@{user}> in <#{channel}>, server {server}",
                user=job.user_id,
                channel=job.channel_id,
                server=job.guild_id,
            ),
            " · ".join(_format_money(row)),
            ngettext(
                "Task {task}, sent once",
                "Task {task}, sent {count} times",
                job.submissions,
                task=text.sanitize(job.task_id or _("not known"), _TEXT_SHOWN),
            ),
            f"> {text.sanitize(job.reason or _('no reason given'), _TEXT_SHOWN)}",
            *([f"💡 {_format_advice(row)}"] if row.allowed_decisions else []),
            f"-# {_format_events(row)}",
            f"-# {job.id}",
        ]
    )


def _format_money(row: ParkedJob) -> list[str]:
    """Format what the video costs, and who has that money now."""
    held, paid, borne = row.held, row.member_paid, row.operator_paid
    return [
        _("Costs {price}", price=format_price(row.job.price)),
        *([_("{held} reserved", held=format_price(held))] if held else []),
        *([_("member paid {paid}", paid=format_price(paid))] if paid else []),
        *([_("you covered {borne}", borne=format_price(borne))] if borne else []),
        *([] if held or paid or borne else [_("nobody has paid")]),
    ]


def _format_advice(row: ParkedJob) -> str:
    """Say what to do first, which is the first of the decisions that the job allows."""
    match row.allowed_decisions[0]:
        case Decision.BIND_TASK:
            return _(
                "Look for its task at APIXO, sent <t:{sent}:f>. If it's there, link it. If not, "
                "end this for free.",
                sent=row.sent_at_ms // 1000,
            )
        case Decision.POST:
            return _("Post it again once the bot can post there. The member can do that, too.")
        case _ if row.job.state is JobState.RESULT_LOST:
            return _(
                "Check for the file once more. If it's gone, close this: the member got a refund."
            )
        case _:
            return _(
                "Check it again. If that doesn't help, look at what APIXO billed for the task."
            )


def _format_events(row: ParkedJob) -> str:
    return " → ".join(
        f"{format_state(event.target)} <t:{event.at_ms // 1000}:T>"
        for event in row.events[-_EVENTS_SHOWN:]
    )


def _confirmation_question(row: ParkedJob, decision: Decision) -> str:
    price = format_price(row.job.price)
    match decision:
        case Decision.RELEASE if row.held:
            return _(
                (
                    "End this for free? <@{user}> gets the reserved **{price}** back, and "
                    "there's no video. Choose this if APIXO charged you nothing."
                ),
                price=price,
                user=row.job.user_id,
            )
        case Decision.RELEASE:
            return _(
                (
                    "Take the **{borne}** off your account? It ends without a video, and the "
                    "member pays nothing. Choose this if APIXO charged you nothing."
                ),
                borne=format_price(row.operator_paid),
            )
        case Decision.CHARGE_OPERATOR:
            return _(
                (
                    "Cover the **{price}** yourself, so <@{user}> pays nothing? It ends "
                    "without a video."
                ),
                price=price,
                user=row.job.user_id,
            )
        case _:
            return _(
                (
                    "Charge <@{user}> **{price}** and post the video? If it can't be "
                    "downloaded, they're refunded."
                ),
                price=price,
                user=row.job.user_id,
            )


def _page_buttons(page: ParkedPage) -> LayoutItem:
    last = page.pages - 1
    return row(
        ParkedPageButton(max(0, page.number - 1), _("Previous"), disabled=page.number == 0),
        ParkedPageButton(page.number + 1, _("Next"), disabled=page.number >= last),
    )
