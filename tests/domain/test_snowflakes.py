"""Ids as text: nothing that a database could not keep, and no digits but ASCII's."""

import pytest

from domain.snowflakes import MAX_SNOWFLAKE, parse_snowflake

ODD = [
    *("", "0", "-1", "+1", " 1", "1 ", "1\n", "00012", "1e5", "0x10", "1.0", "None"),
    *("9" * 19, str(2**63), str(2**64), "9" * 30, "9" * 5000),
    *("\u0661" * 18, "\uff11" * 19, "²", "\U0001d7d9" * 18, "1\u200b"),
]


@pytest.mark.parametrize("text", ODD)
def test_what_is_no_id_is_none(text: str) -> None:
    assert parse_snowflake(text) is None


@pytest.mark.parametrize("number", [1, 42, 1_576_979_202_039_611_403, 8_999_999_999_999_999_999])
def test_an_id_is_its_number(number: int) -> None:
    assert parse_snowflake(str(number)) == number <= MAX_SNOWFLAKE
