"""Knows how members are told that nothing is submitted just now."""

from types import MappingProxyType
from typing import Final

from cogs import words
from domain.catalogue import mark, t
from workflow.publishing import Halt, Why

_REASON_SHOWN: Final = 200
_WORDS: Final = MappingProxyType(
    {
        Why.OPERATOR: mark(
            "⏸️ The operator of this service has paused it: {reason} — your place in line is kept."
        ),
        Why.EXPOSURE: mark(
            "⏸️ No new videos are started just now; the operator of this service has been told. "
            "Your place in line is kept."
        ),
        Why.NO_ROOM: mark(
            "⏸️ The service has no room left to keep new videos, so none are started just now; its "
            "operator has been told. Your place in line and your price on hold are kept; it goes "
            "on by itself."
        ),
        Why.NO_FUNDS: mark(
            "The service is out of credit with the model's provider. Your place in line and your "
            "price on hold are kept; it goes on by itself."
        ),
    }
)


def halted(halt: Halt) -> str:
    """Say why what waits goes on waiting, and that whoever waits loses nothing by it."""
    return t(_WORDS[halt.why], reason=words.harmless(halt.reason, _REASON_SHOWN))
