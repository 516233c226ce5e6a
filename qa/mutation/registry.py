"""Every guard there is."""

from qa.mutation.ledger_guards import LEDGER_GUARDS
from qa.mutation.pipeline_guards import PIPELINE_GUARDS
from qa.mutation.security_guards import SECURITY_GUARDS

GUARDS = (*LEDGER_GUARDS, *PIPELINE_GUARDS, *SECURITY_GUARDS)
