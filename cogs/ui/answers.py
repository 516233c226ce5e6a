"""The private answer to a request whose job has left the queue: it follows it to its end."""

from typing import Any

from discord import ui

from cogs.ui import text, views
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import _, format_price
from cogs.ui.layout import layout, lines_box, row
from cogs.ui.notify_button import NotifyButton
from cogs.ui.quota_text import format_remaining_quota
from domain.job_view import JobAmounts, JobView
from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState
from workflow.publisher import AnswerView


def render_answer(view: AnswerView) -> ui.LayoutView:
    """Lay out a private answer: how far the job is, what it costs, what its member has left."""
    job = view.status.job
    lines = [
        _headline(view),
        *_cost_lines(view.cost),
        format_remaining_quota(view.remaining),
        *map(views.format_conversion, view.answer.conversions),
    ]
    return layout(lines_box(views.state_colour(job.state), lines), row(*_buttons(view)))


def _headline(view: AnswerView) -> str:
    job, progress = view.status.job, views.format_progress(view.status)
    if job.state in ENDED_WITHOUT_VIDEO | PARKED:
        return progress
    if job.state is not JobState.DELIVERED:
        return f"{views.accepted_line()}\n{progress}"
    return _("🗑️ Deleted.") if view.status.deleted else _format_ready(job)


def _format_ready(job: JobView) -> str:
    if job.private:
        return _("✅ Your video is ready.")
    link = text.link_to_result(job, _("Watch it"))
    if link is None:
        return _("✅ Your video is ready. I sent it in a DM.")
    return _("✅ Your video is ready. {link}", link=link)


def _cost_lines(cost: JobAmounts) -> list[str]:
    """Format what a job costs; of what costs nothing, the headline says so."""
    if cost.held:
        return [_("Costs **{price}**. You only pay if it works.", price=format_price(cost.held))]
    return [_("Paid {paid}", paid=format_price(cost.paid))] if cost.paid else []


def _buttons(view: AnswerView) -> list[ui.Item[Any]]:
    job = view.status.job
    buttons: list[ui.Item[Any]] = []
    if text.is_worth_editing(view.status):
        buttons.append(ActionButton(ButtonAction.EDIT, job.id))
    if text.is_worth_repeating(view.status):
        buttons.append(ActionButton(ButtonAction.RERUN, job.id, _("Try again")))
    if view.wants_notification is not None and job.state not in ENDED_WITHOUT_VIDEO:
        buttons.append(NotifyButton(job.guild_id, enabled=not view.wants_notification))
    return [*buttons, ActionButton(ButtonAction.DETAILS, job.id)]
