"""A cache of compiled SQL that all databases of a test process share.

SQLAlchemy keeps one for each engine, and every test opens new engines: a fifth of the suite's time
went into compiling the same statements.
"""

from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from typing import Any

from sqlalchemy import Dialect, Engine, TextClause
from sqlalchemy.exc import CompileError


class SharedStatementCache(MutableMapping[Any, Any]):
    """Keyed as SQLAlchemy's own, but by the dialect's name instead of the engine's dialect.

    Plain text is left out: the columns of a `SELECT *` are those of its database's schema.
    """

    def __init__(self) -> None:
        self._compiled: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        dialect, *rest = key
        return self._compiled[dialect.name, *rest]

    def __setitem__(self, key: Any, compiled: Any) -> None:
        dialect, *rest = key
        if not isinstance(compiled.statement, TextClause):
            self._compiled[dialect.name, *rest] = compiled

    def __delitem__(self, key: Any) -> None:
        dialect, *rest = key
        del self._compiled[dialect.name, *rest]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._compiled)

    def __len__(self) -> int:
        return len(self._compiled)

    def compile_for(self, dialect: Dialect) -> None:
        """Compile for a dialect whatever was compiled for another, and can be for this one."""
        for (_, statement, columns, *options), compiled in [*self._compiled.items()]:
            is_for_many = options[-1]
            # A part of another dialect's has not what this one's compiler asks of it.
            with suppress(CompileError, AttributeError):
                self[dialect, statement, columns, *options] = compiled.statement._compiler(
                    dialect,
                    cache_key=compiled.cache_key,
                    column_keys=[*columns],
                    for_executemany=is_for_many,
                )


def share_statement_cache() -> SharedStatementCache:
    """Let every engine of this process, of now or later, use one cache, which is returned."""
    cache = SharedStatementCache()
    engines: Any = Engine
    # An event that gave it to each connection would make every transaction dearer.
    engines._compiled_cache = property(lambda _: cache, lambda _engine, _own: None)
    return cache
