"""How many bytes the service holds on to: what can be reached from its own modules and objects."""

import gc
import sys
from collections.abc import Iterable
from pathlib import Path
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType

_PACKAGES = ("apixo", "bot", "cogs", "domain", "storage", "workflow")
_OTHERS = ("asyncio", "tests", "sandbox", "_pytest", "pytest")
"""Whose objects end the search: what they hold is not the service's."""


def reachable_bytes(roots: Iterable[object]) -> int:
    """Measure what is reachable from these, and from what the service's modules keep."""
    gc.collect()
    modules = [vars(module) for name, module in sys.modules.items() if _is_ours(name)]
    seen: set[int] = set()
    found, size = [*roots, *modules], 0
    while found:
        one = found.pop()
        if id(one) in seen or _ends_search(one):
            continue
        seen.add(id(one))
        size += sys.getsizeof(one)
        found += gc.get_referents(one)
    return size


def resident_bytes() -> int:
    """Return how much memory this process has, stand-ins and all."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in _PACKAGES


def _ends_search(one: object) -> bool:
    if isinstance(one, (type, ModuleType, FunctionType, BuiltinFunctionType, FrameType)):
        return True
    return (type(one).__module__ or "").partition(".")[0] in _OTHERS
