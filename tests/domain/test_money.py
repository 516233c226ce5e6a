"""Reading and showing money."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.money import MicroUSD, format_usd_en, parse_usd
from domain.violations import ViolationCode


@pytest.mark.parametrize(
    ("text", "micro"),
    [("5", 5_000_000), ("0.5", 500_000), ("$2.50", 2_500_000), (" 0.000001 ", 1), ("0", 0)],
)
def test_plain_dollars_are_read_exactly(text: str, micro: int) -> None:
    """What a person writes is the amount that counts."""
    assert parse_usd(text) == micro


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "5,00",
        "1e9",
        "NaN",
        "inf",
        "$",
        "1.0000001",
        "1.",
        ".5",
        "٣",
        "5 USD",
        "1_0",
    ],
)
def test_anything_but_plain_dollars_is_refused(text: str) -> None:
    """No spelling is guessed at when money is at stake."""
    with pytest.raises(InvalidInput) as caught:
        parse_usd(text)
    assert caught.value.violation.code is ViolationCode.NOT_PLAIN_DOLLARS


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (364_000, "$0.364"),
        (5_000_000, "$5.00"),
        (458_535, "$0.458535"),
        (0, "$0.00"),
        (-160_000, "-$0.16"),
        (1_234_500_000, "$1,234.50"),
    ],
)
def test_an_amount_shows_as_many_decimals_as_it_needs(micro: int, text: str) -> None:
    """Two decimals at least, and never a rounded one."""
    assert format_usd_en(MicroUSD(micro)) == text


@given(st.integers(0, 10**14))
def test_what_is_shown_can_be_read_back(micro: int) -> None:
    """No amount is lost between a person and the ledger."""
    assert parse_usd(format_usd_en(MicroUSD(micro)).replace(",", "")) == micro
