"""The service, `python -m bot`, with the statements that it gives to SQLite counted in a file."""

import mmap
import os
import sqlite3
import sqlite3.dbapi2
import struct
from pathlib import Path
from typing import Any, Self

_LAYOUT = struct.Struct("qq")


class Counts:
    """Two numbers that two processes share: transactions, and the statements within them."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._numbers = mmap.mmap(file.fileno(), _LAYOUT.size)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make the file, with nothing counted."""
        path.write_bytes(bytes(_LAYOUT.size))
        return cls(path)

    def read(self) -> tuple[int, int]:
        """Return the numbers of transactions and of statements."""
        transactions, statements = _LAYOUT.unpack(self._numbers)
        return transactions, statements

    def count(self, sql: str) -> None:
        """Count a statement; what begins a transaction counts as one, what ends it not at all."""
        transactions, statements = self.read()
        first = sql[:6].upper()
        if first.startswith("BEGIN"):
            transactions += 1
        elif first not in {"COMMIT", "ROLLBA", "PRAGMA"}:
            statements += 1
        _LAYOUT.pack_into(self._numbers, 0, transactions, statements)


def _count_statements(counts: Counts) -> None:
    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *given: Any) -> Any:
            counts.count(sql)
            return super().execute(sql, *given)

        def executemany(self, sql: str, *given: Any) -> Any:
            counts.count(sql)
            return super().executemany(sql, *given)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

    real: Any = sqlite3.dbapi2.connect

    def connect(*given: Any, **named: Any) -> sqlite3.Connection:
        return real(*given, **named, factory=Connection)

    sqlite3.dbapi2.connect = connect


if __name__ == "__main__":
    from bot.__main__ import main

    _count_statements(Counts(Path(os.environ["COUNTS"])))
    main(prog_name="python -m bot")
