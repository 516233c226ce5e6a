"""A local stand-in for the APIXO API, as strict as the original's pages, over real HTTP."""

from sandbox.apixo.callbacks import CallbackAttempt
from sandbox.apixo.clock import Clock, ManualClock, SystemClock
from sandbox.apixo.config import ApixoConfig
from sandbox.apixo.faults import Fault, FaultQueue
from sandbox.apixo.journal import RecordedRequest, RequestJournal
from sandbox.apixo.server import FakeApixo
from sandbox.apixo.tasks import State, Task

__all__ = [
    "ApixoConfig",
    "CallbackAttempt",
    "Clock",
    "FakeApixo",
    "Fault",
    "FaultQueue",
    "ManualClock",
    "RecordedRequest",
    "RequestJournal",
    "State",
    "SystemClock",
    "Task",
]
