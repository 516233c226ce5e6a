"""The shapes that the page's backstage shows: figures, tables, switches, sliders, buttons."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

Json = dict[str, Any]
Tone = Literal["good", "bad", "warn", "busy", "dim"]

_CUT: Final = 60
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def figures(panel: str, title: str, shown: Iterable[Json], hint: str = "") -> Json:
    """Make a panel of figures, each from `figure`."""
    return _panel(panel, title, "figures", hint) | {"figures": list(shown)}


def figure(label: str, value: str, tone: Tone | None = None) -> Json:
    """Make one figure."""
    return _given(label=label, value=value, tone=tone)


def table(panel: str, title: str, columns: Sequence[str], rows: Iterable[Json], empty: str) -> Json:
    """Make a table; a column whose name begins with `>` is aligned to the right."""
    named = [
        _given(name=name.removeprefix(">"), align="right" if name.startswith(">") else None)
        for name in columns
    ]
    return _panel(panel, title, "table") | {"columns": named, "rows": list(rows), "empty": empty}


def row(key: str, *cells: str | Json) -> Json:
    """Make a row of a table, of texts and of cells from `cell`."""
    return {"key": key, "cells": list(cells)}


def cell(
    text: str, tone: Tone | None = None, *, title: str = "", progress: float | None = None
) -> Json:
    """Make a cell that is more than a text; `progress` is 0 to 1."""
    return _given(text=text, tone=tone, title=title, progress=progress)


def switches(panel: str, title: str, shown: Iterable[Json], hint: str = "") -> Json:
    """Make a panel of switches, each from `switch`."""
    return _panel(panel, title, "switches", hint) | {"switches": list(shown)}


def switch(control: str, label: str, hint: str, note: str, *, on: bool) -> Json:
    """Make one switch; `note` says what it waits for."""
    return _given(id=control, label=label, hint=hint, note=note) | {"on": on}


def slider(panel: str, title: str, control: Json, hint: str = "") -> Json:
    """Make a panel of one slider: id, label, value, steps and unit."""
    return _panel(panel, title, "slider", hint) | {"slider": control}


def buttons(panel: str, title: str, shown: Iterable[Json], hint: str = "") -> Json:
    """Make a panel of buttons, each from `button`."""
    return _panel(panel, title, "buttons", hint) | {"buttons": list(shown)}


def button(control: str, label: str, hint: str, *, confirm: str = "") -> Json:
    """Make one button; with a question to `confirm`, it is a dangerous one."""
    return _given(id=control, label=label, hint=hint, confirm=confirm, danger=bool(confirm) or None)


def format_usd(micro: int, *, signed: bool = False) -> str:
    """Write micro-dollars exactly, with two decimals at least: `$0.364`, `+$5.00`, `-$0.08`."""
    whole, part = divmod(abs(micro), 1_000_000)
    fraction = f"{part:06d}".rstrip("0").ljust(2, "0")
    sign = "-" if micro < 0 else "+" if signed and micro > 0 else ""
    return f"{sign}${whole:,}.{fraction}"


def format_duration(seconds: float) -> str:
    """Write how long something lasts, in its largest unit: `12 s`, `3 min`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def truncate(text: str, most: int = _CUT) -> str:
    """Shorten a text to one line of so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _panel(panel: str, title: str, kind: str, hint: str = "") -> Json:
    return _given(id=panel, title=title, kind=kind, hint=hint)


def _given(**values: Any) -> Json:
    """Keep what is there: the page takes what is left out for absent."""
    return {name: value for name, value in values.items() if value not in (None, "")}
