"""Figures beside their bounds, and how much work is done for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value: a ratio to a floor of the same run, or a count; `bound` is the most."""

    name: str
    value: float
    bound: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Return whether the value is within its bound."""
        return self.value <= self.bound

    def __str__(self) -> str:
        """Show it on one line."""
        verdict = "ok  " if self.holds else "OVER"
        most = f"at most {self.bound:g}{self.unit}"
        return f"{verdict} {self.name}: {self.value:.2f}{self.unit} ({most})"


def scaled(count: int, share: float, least: int = 1) -> int:
    """Return a share of a count, and `least` at the least."""
    return max(least, round(count * share))


def report(title: str, figures: list[Figure]) -> bool:
    """Print figures, and return whether all are within their bounds."""
    print(title)
    for figure in figures:
        print(f"  {figure}")
    return all(figure.holds for figure in figures)
