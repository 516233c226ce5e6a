"""What all tables share: their metadata, and the types of their columns."""

from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Dialect, Integer, MetaData, Text, TypeDecorator, text

from domain.jobs import JobState
from domain.requests import VideoRequest, dump_request, load_request


class StateText(TypeDecorator[JobState]):
    """A job's state, stored by value."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> JobState | None:
        """Convert a column to a state."""
        return None if value is None else JobState(value)


class RequestText(TypeDecorator[VideoRequest]):
    """A request, stored as the text that `domain.requests.dump_request` writes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: VideoRequest | None, dialect: Dialect) -> str | None:
        """Convert a request to its column."""
        return None if value is None else dump_request(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> VideoRequest | None:
        """Convert a column to a request."""
        return None if value is None else load_request(value)


Int: Final = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both engines; SQLite's strict tables and row ids require the name INTEGER."""


def sql_names(kinds: type[StrEnum]) -> str:
    """List the values of an enumeration as SQL texts, for a check."""
    return ", ".join(repr(str(kind)) for kind in sorted(kinds))


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

ZERO: Final = text("0")
"""The default of a number, in the database."""
