"""A local stand-in for the APIXO API, as strict as the original's pages, over real HTTP."""

from sandbox.apixo.callbacks import Delivery
from sandbox.apixo.clock import Clock, HandClock, SystemClock
from sandbox.apixo.config import ApixoOptions
from sandbox.apixo.faults import Fault, FaultQueue
from sandbox.apixo.journal import Entry, Journal
from sandbox.apixo.server import ApixoStandIn
from sandbox.apixo.tasks import State, Task

__all__ = [
    "ApixoOptions",
    "ApixoStandIn",
    "Clock",
    "Delivery",
    "Entry",
    "Fault",
    "FaultQueue",
    "HandClock",
    "Journal",
    "State",
    "SystemClock",
    "Task",
]
