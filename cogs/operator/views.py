"""Knows how the service looks to its operator: at a glance, and its parked jobs with facts."""

from typing import Any, Final

import discord
from discord import ui

from cogs.operator.alerts import no_room
from cogs.operator.buttons import DecisionButton, ParkedPageButton
from cogs.ui import text
from domain.catalogue import n, t
from domain.money import show_usd
from workflow.operator.control import Standing
from workflow.operator.parked_jobs import Decision, Evidence, ParkedPage

_BLUE: Final = discord.Colour(0x5865F2)
_AMBER: Final = discord.Colour(0xF0B232)
_TEXT_SHOWN: Final = 150
"""Characters of an error or a reason; three jobs have to fit into 4,000."""

_EVENTS_SHOWN: Final = 4
_ENTRIES_SHOWN: Final = 4

_Item = ui.Item[Any]


def standing(of: Standing) -> ui.LayoutView:
    """Lay out how the service stands."""
    counts = ", ".join(f"{count} {state}" for state, count in sorted(of.jobs.items()))
    balance = t("not known") if of.balance is None else show_usd(of.balance)
    lines = [
        f"**{_going(of)}**",
        t("Jobs: {counts}", counts=counts or t("none yet")),
        t("At APIXO now: {now} of {most}", now=of.in_flight, most=of.max_in_flight),
        _exposure(of),
        t("Balance at APIXO: {balance}", balance=balance),
        *_waiting(of),
        n(
            "{count} job waits for you: /operator parked",
            "{count} jobs wait for you: /operator parked",
            of.parked,
        ),
    ]
    return _view(_box(_BLUE if of.parked == 0 else _AMBER, _text("\n".join(lines))))


def parked(page: ParkedPage, said: str | None = None) -> ui.LayoutView:
    """Lay out a page of the parked jobs, under what was `said` to the last click."""
    items: list[_Item] = [] if said is None else [_text(said)]
    if not page.rows:
        return _view(*items, _text(t("No job waits for a decision of yours.")))
    title = n("**{count} job waits for you**", "**{count} jobs wait for you**", page.total)
    parts: list[_Item] = [_text(title)]
    for row in page.rows:
        job = row.job
        buttons = [DecisionButton(decision, job.id, job.fence) for decision in row.decisions]
        parts += [ui.Separator[Any](), _text(_facts(row)), ui.ActionRow[Any](*buttons)]
    items.append(_box(_AMBER, *parts))
    if page.pages > 1:
        items.append(_turning(page))
    return _view(*items)


def question(row: Evidence, decision: Decision) -> ui.LayoutView:
    """Lay out what a decision would do to the money, and the button that says yes."""
    job = row.job
    text = f"{_asked(row, decision)}\n-# {job.id} · {job.state}"
    sure = DecisionButton(decision, job.id, job.fence, is_sure=True)
    back = ParkedPageButton(0, t("Back to the list"))
    return _view(_box(_AMBER, _text(text)), ui.ActionRow[Any](sure, back))


def _going(of: Standing) -> str:
    belt = of.belt
    if belt.stopped_at_ms is not None:
        return t(
            "Stopped by <@{who}> <t:{since}:R>: {reason}",
            who=belt.stopped_by,
            since=belt.stopped_at_ms // 1000,
            reason=text.harmless(belt.stop_reason or "", _TEXT_SHOWN),
        )
    if of.exposure.is_reached:
        return t("Stopped by itself: the exposure of today is at its limit. /operator resume")
    if of.room.is_short:
        return t("Stopped by itself: {why}", why=no_room(of.room))
    if belt.paused(of.now_ms):
        until_s = (belt.paused_until_ms or 0) // 1000
        return t("Paused until <t:{until}:T>: {reason}", until=until_s, reason=belt.reason)
    return t("Going")


def _exposure(of: Standing) -> str:
    amount, limit = show_usd(of.exposure.amount), of.exposure.limit
    if limit is None:
        return t("Exposure today: {amount}, no limit", amount=amount)
    if of.exposure.accepted:
        return t(
            "Exposure today: {amount}, stops at {limit} beyond the {accepted} that you accepted",
            amount=amount,
            limit=show_usd(limit),
            accepted=show_usd(of.exposure.accepted),
        )
    return t("Exposure today: {amount}, stops at {limit}", amount=amount, limit=show_usd(limit))


def _waiting(of: Standing) -> list[str]:
    if of.oldest_queued_ms is None:
        return []
    return [t("Waiting longest: since <t:{since}:R>", since=of.oldest_queued_ms // 1000)]


def _facts(row: Evidence) -> str:
    job = row.job
    return "\n".join(
        [
            f"**{job.state}** <t:{row.since_ms // 1000}:R>, {text.settings_line(job.request)}",
            t(
                "Asked for by <@{user}> ({user}) in <#{channel}> ({channel}), server {server}",
                user=job.user_id,
                channel=job.channel_id,
                server=job.guild_id,
            ),
            t(
                "Price {price}: held {held}, paid {paid}, borne by you {borne}",
                price=show_usd(job.price),
                held=show_usd(row.held),
                paid=show_usd(row.paid),
                borne=show_usd(row.borne),
            ),
            n(
                "Task {task}, sent once",
                "Task {task}, sent {count} times",
                job.submissions,
                task=text.harmless(job.task_id or t("not known"), _TEXT_SHOWN),
            ),
            f"> {text.harmless(job.reason or t('no reason known'), _TEXT_SHOWN)}",
            f"-# {_events(row)}",
            f"-# {_entries(row)}",
            f"-# {job.id}",
        ]
    )


def _events(row: Evidence) -> str:
    return " → ".join(
        f"{event.target} <t:{event.at_ms // 1000}:T>" for event in row.events[-_EVENTS_SHOWN:]
    )


def _entries(row: Evidence) -> str:
    return " · ".join(
        f"{entry.kind} {show_usd(entry.amount)} ({entry.account})"
        for entry in row.entries[-_ENTRIES_SHOWN:]
    )


def _asked(row: Evidence, decision: Decision) -> str:
    price = show_usd(row.job.price)
    match decision:
        case Decision.RELEASE if row.held:
            return t(
                "Release **{price}** to <@{user}>, and book nothing? That is right if nothing was "
                "spent at APIXO. The job ends without a video.",
                price=price,
                user=row.job.user_id,
            )
        case Decision.RELEASE:
            return t(
                "Take the **{borne}** off your account? That is right if nothing was spent at "
                "APIXO. The job ends without a video; its member was not charged.",
                borne=show_usd(row.borne),
            )
        case Decision.BEAR:
            return t(
                "Have <@{user}> pay nothing, and bear the **{price}** yourself? The job ends "
                "without a video.",
                price=price,
                user=row.job.user_id,
            )
        case _:
            return t(
                "Charge <@{user}> **{price}** as quoted? Then the video is fetched and posted; if "
                "it can not be had, the amount is given back by itself.",
                price=price,
                user=row.job.user_id,
            )


def _turning(page: ParkedPage) -> _Item:
    last = page.pages - 1
    return ui.ActionRow[Any](
        ParkedPageButton(max(0, page.number - 1), t("Previous"), disabled=page.number == 0),
        ParkedPageButton(page.number + 1, t("Next"), disabled=page.number >= last),
    )


def _text(content: str) -> _Item:
    return ui.TextDisplay[Any](content)


def _box(colour: discord.Colour, *items: _Item) -> _Item:
    return ui.Container[Any](*items, accent_colour=colour)


def _view(*items: _Item) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    return view
