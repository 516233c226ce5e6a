"""Runs every benchmark; exit 1 if a figure is over its bound."""

from bench import command, delivery, hold, polls, spending


def main() -> int:
    """Print all figures."""
    good = [bench.measure() for bench in (polls, command, hold, spending, delivery)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
