"""Every guard there is."""

from qa.mutation.ledger_guards import OF_MONEY
from qa.mutation.pipeline_guards import OF_THE_BELT
from qa.mutation.security_guards import AGAINST_STRANGERS

GUARDS = (*OF_MONEY, *OF_THE_BELT, *AGAINST_STRANGERS)
