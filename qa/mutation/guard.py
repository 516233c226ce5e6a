"""What a guard is: a place in the code, what the code is without it, and the tests that show it."""

from dataclasses import dataclass
from pathlib import Path


class GuardTextMissing(Exception):
    """The text of a guard is not in its file, or is there more than once."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that keeps harm out.

    `text` is exactly once in the file `path`; with `without` in its place the guard is gone.
    Each of `tests` (paths as pytest has them, perhaps with parameters) must fail then.
    """

    name: str
    path: str
    source_text: str
    replacement: str
    tests: tuple[str, ...]

    def remove(self, root: Path) -> None:
        """Take the guard out of a copy of the tree.

        Raises:
            Gone: it is not where it was.
        """
        file = root / self.path
        file.write_text(self.mutated_source(file.read_text()))

    def mutated_source(self, source: str) -> str:
        """Give its file's source without it.

        Raises:
            Gone: it is not where it was.
        """
        times = source.count(self.source_text)
        if times != 1:
            raise GuardTextMissing(
                f"{self.name}: its text is in {self.path} {times} times, not once"
            )
        return source.replace(self.source_text, self.replacement)
