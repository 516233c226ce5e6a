"""What an amount buys, in the words of the setup."""

from bot.cli.budgets import cheapest_video, describe_budget
from domain.money import MicroUSD


def test_five_dollars_buy_what_the_price_table_says():
    """Of each kind alone; the prices are those of docs/money.md."""
    assert describe_budget(MicroUSD(5_000_000)) == (
        "62 videos as /video makes them ($0.08), or 5 with Seedance 2.0 ($0.96), "
        "or none of the longest and finest ($7.35)"
    )
    assert "12,500 videos as" in describe_budget(MicroUSD(1_000_000_000))
    assert cheapest_video() == MicroUSD(40_000)
