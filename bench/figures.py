"""Knows how a figure is shown beside its bound, and whether it holds."""

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
        """Tell whether the value is within its bound."""
        return self.value <= self.bound

    def __str__(self) -> str:
        """Show it on one line."""
        verdict = "ok  " if self.holds else "OVER"
        most = f"at most {self.bound:g}{self.unit}"
        return f"{verdict} {self.name}: {self.value:.2f}{self.unit} ({most})"


def report(title: str, figures: list[Figure]) -> bool:
    """Print figures and tell whether all hold."""
    print(title)
    for figure in figures:
        print(f"  {figure}")
    return all(figure.holds for figure in figures)
