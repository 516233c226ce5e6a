"""Knows how members are told that nothing is submitted just now."""

from cogs import words
from domain.catalogue import t
from workflow.publishing import Halt

_REASON_SHOWN = 200


def halted(halt: Halt) -> str:
    """Say that what waits goes on waiting, for the operator's reason or the service's own."""
    if not halt.reason:
        return t(
            "⏸️ No new videos are started just now; the operator of this service has been told. "
            "Your place in line is kept."
        )
    return t(
        "⏸️ The operator of this service has paused it: {reason} — your place in line is kept.",
        reason=words.harmless(halt.reason, _REASON_SHOWN),
    )


def out_of_credit() -> str:
    """Say that APIXO wants money first, and that whoever waits loses nothing by it."""
    return t(
        "The service is out of credit with the model's provider. Your place in line and your price "
        "on hold are kept; it goes on by itself."
    )
