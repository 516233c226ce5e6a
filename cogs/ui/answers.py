"""The private answer to a request whose job has left the queue: it follows it to its end."""

from typing import Any

from discord import ui

from cogs.ui import takes_text, text, views
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import _, format_price
from cogs.ui.layout import layout, lines_box, row
from cogs.ui.notify_button import NotifyButton
from cogs.ui.quota_text import format_remaining_quota
from domain.job_view import JobAmounts, JobView
from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState
from workflow.publisher import AnswerView, StatusView


def render_answer(view: AnswerView) -> ui.LayoutView:
    """Lay out a private answer: how far the job is, what it costs, what its member has left."""
    lines = [
        _headline(view),
        *_cost_lines(view.cost),
        format_remaining_quota(view.remaining),
        *map(views.format_conversion, view.answer.conversions),
    ]
    return layout(lines_box(views.message_colour(view.status), lines), row(*_buttons(view)))


def _headline(view: AnswerView) -> str:
    job, progress = view.status.job, views.format_progress(view.status)
    if view.status.takes:
        return _headline_of_takes(view.status, progress)
    if job.state in ENDED_WITHOUT_VIDEO | PARKED:
        return progress
    if job.state is not JobState.DELIVERED:
        return f"{views.accepted_line()}\n{progress}"
    return _("🗑️ Deleted.") if view.status.deleted else _format_ready(job)


def _headline_of_takes(status: StatusView, progress: str) -> str:
    """Head an answer with how many takes are ready, and where the first of them is."""
    if any(map(takes_text.is_running, status.takes)):
        return f"{views.accepted_line(len(status.takes))}\n{progress}"
    results = (take.job for take in status.takes if take.has_result and not take.deleted)
    link = next(filter(None, map(_link_to, results)), None)
    return progress if link is None else f"{progress}\n{link}"


def _link_to(job: JobView) -> str | None:
    return None if job.private else text.link_to_result(job, _("Watch it"))


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
    if view.status.takes and any(one.state is JobState.QUEUED for one in view.status.jobs):
        buttons.append(ActionButton(ButtonAction.CANCEL, view.status.subject))
    buttons += views.remedy_buttons(view.status)
    is_alive = any(one.state not in ENDED_WITHOUT_VIDEO for one in view.status.jobs)
    if view.wants_notification is not None and is_alive:
        buttons.append(NotifyButton(job.guild_id, enabled=not view.wants_notification))
    return [*buttons, ActionButton(ButtonAction.DETAILS, job.id)]
