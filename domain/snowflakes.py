"""Discord's ids as text: ASCII digits, within the 63 bits that a database keeps."""

import re
from typing import Final

SNOWFLAKE: Final = "(?:[1-8][0-9]{18}|[1-9][0-9]{0,17})"
"""A pattern of ids; the largest would be of the year 2083."""

MAX_SNOWFLAKE: Final = 2**63 - 1
"""The largest number that a database keeps."""

_SNOWFLAKE: Final = re.compile(SNOWFLAKE)


def parse_snowflake(text: str) -> int | None:
    """Parse an id; None if the text is none."""
    return int(text) if _SNOWFLAKE.fullmatch(text) else None
