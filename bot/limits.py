"""The limits in force, in one line for the log and the doctor."""

from bot.settings import Settings
from domain.money import MicroUSD, format_usd_en


def describe_limits(settings: Settings) -> str:
    """Return every limit on what may be spent in a UTC day, in dollars."""
    limits = {
        "member": settings.user_daily_limit_usd,
        "server": settings.server_daily_limit_usd,
        "everything": settings.global_daily_limit_usd,
        "lost answers": settings.exposure_limit_usd,
    }
    return ", ".join(f"{name} {_describe(amount)}" for name, amount in limits.items())


def _describe(amount: MicroUSD | None) -> str:
    return "without limit" if amount is None else format_usd_en(amount)
