"""Knows how the operator is told about the service's money, and about its room for videos."""

from domain.catalogue import n, t
from domain.money import show_usd
from domain.spoken import show_number
from workflow.money.alarm import LowBalance, News, OutOfFunds
from workflow.room import Room


def told(news: News) -> str:
    """Say what has happened and what to do."""
    match news:
        case LowBalance():
            return "\n".join([_low(news), _lasts(news.days_left)])
        case OutOfFunds():
            return "\n".join(_out(news))


def no_room(room: Room) -> str:
    """Say how much room there is for videos, how much is wanted, and what to do."""
    return t(
        "{free} GB are free where videos are kept, and below {floor} GB nothing is submitted. Free "
        "some, and it goes on by itself.",
        free=_gigabytes(room.free),
        floor=_gigabytes(room.floor),
    )


def _gigabytes(size: int) -> str:
    return show_number(size / 1e9, decimals=1)


def _low(news: LowBalance) -> str:
    return t(
        "**APIXO's balance is low:** {balance} left, below {floor}.",
        balance=show_usd(news.balance),
        floor=show_usd(news.floor),
    )


def _lasts(days: float | None) -> str:
    if days is None:
        return t("Nothing was spent in the last 7 days.")
    if days < 1:
        return t("At the pace of the last 7 days it lasts less than a day.")
    whole = int(days)
    return n(
        "At the pace of the last 7 days it lasts about a day.",
        "At the pace of the last 7 days it lasts about {count} days.",
        whole,
    )


def _out(news: OutOfFunds) -> list[str]:
    left = [] if news.balance is None else [t("The balance is {b}.", b=show_usd(news.balance))]
    return [
        t("**APIXO wants money first:** nothing is submitted any more. Top up the key."),
        *left,
        t(
            "What waits keeps its place and goes on by itself within minutes; what has waited for "
            "a day is given up, and its price goes back to its member."
        ),
    ]
