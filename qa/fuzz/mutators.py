"""Makes odd texts, bytes and JSON by chance; the same dice make the same."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, cast

HOSTILE_FRAGMENTS = (
    *("@everyone", "@here", "<@1>", "<@&1>", "<#1>", "</video:1>", "<t:1:R>", "<:a:1>"),
    *("\u202e", "\u2066", "\u2069", "\u200b", "\u200d", "\ufeff", "\u2028", "\u00ad", "\u3164"),
    *("\ud800", "\udfff", "\x00", "\x1b[2J", "\r\n", "\t", "\x7f", "\U000e0041", "\U0010ffff"),
    *("**", "```", "||", "> ", "# ", "-# ", "\\", "`", "~~", "[a](https://evil.example)"),
    *(
        "https://evil.example",
        "\u0334\u0353",
        "\U0001f3ac",
        "é",
        "e\u0301",
        "ß",
        "İ",
        "\ufb00",
        "\U0001d7d9",
    ),
    *("{0}", "{prompt}", "%s", "$(id)", "'; DROP TABLE jobs; --", "../../etc/passwd", "=1+1"),
    *("0", "-1", "5", "0.5", "$2.50", "1e9", "NaN", "inf", "none", "9" * 30, "٣", "\U0001d7d9"),
    *("1,5", "0x10"),
)
"""What has broken programs elsewhere."""

_LENGTHS = (0, 1, 2, 5, 20, 200, 2_500, 4_001)
_NUMBERS = (0, -1, 1, 255, 256, 65_535, 2**31, 2**32 - 1, 2**63, 2**64, 10**30)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, "", "x", [], {}, [[]], 0.5, -0.0, 1e308, "success", "failed", "\ud800"),
    *_NUMBERS,
)


def random_text(dice: Random, longest: int = 6_000) -> str:
    """Make a text: a few words of all kinds, or one of them very often."""
    if dice.random() < 0.1:
        return (dice.choice(HOSTILE_FRAGMENTS) * dice.choice(_LENGTHS))[:longest]
    parts = dice.choices((*HOSTILE_FRAGMENTS, " ", "lake", " and ", "a"), k=dice.randrange(12))
    if dice.random() < 0.3:
        parts.append("".join(chr(dice.randrange(0x110000)) for _ in range(dice.randrange(30))))
    return "".join(parts)[:longest]


def mutate_text(text: str, dice: Random) -> str:
    """Change a text somewhere: a letter, a piece, its end."""
    at, to = sorted((dice.randrange(len(text) + 1), dice.randrange(len(text) + 1)))
    ways: Sequence[Callable[[], str]] = (
        lambda: text[:at] + chr(dice.randrange(1, 0x250)) + text[at + 1 :],
        lambda: text[:at] + dice.choice(HOSTILE_FRAGMENTS) + text[at:],
        lambda: text[:at] + text[to:],
        lambda: text[:at],
        lambda: text[at:] + text[:at],
        lambda: text[:at] + text[at:to] * 2 + text[to:],
        text.swapcase,
        lambda: random_text(dice, 300),
    )
    return dice.choice(ways)()


def mutate_bytes(data: bytes, dice: Random) -> bytes:
    """Change bytes in one to eight places: bits, numbers, pieces; or cut the end off."""
    made = bytearray(data)
    for _ in range(1 << dice.randrange(4)):
        _change_bytes(made, dice)
    return bytes(made)


def mutate_json(value: Any, dice: Random) -> Any:
    """Change one value somewhere within, or drop or add one."""
    goes_deeper = bool(value) and dice.random() < 0.9
    if goes_deeper and isinstance(value, dict):
        return _changed_object(cast("dict[str, Any]", value), dice)
    if goes_deeper and isinstance(value, list):
        items = cast("list[Any]", value)
        at = dice.randrange(len(items))
        return [*items[:at], mutate_json(items[at], dice), *items[at + dice.randrange(2) :]]
    if isinstance(value, str) and dice.random() < 0.5:
        return mutate_text(value, dice)
    return dice.choice(_VALUES)


def encode_json(value: Any, dice: Random) -> bytes:
    """Write JSON, now and then damaged."""
    body = json.dumps(value).encode()
    fate = dice.random()
    if fate < 0.8:
        return body
    if fate < 0.81:
        return b"[" * 50_000
    return mutate_bytes(body, dice)


def _change_bytes(made: bytearray, dice: Random) -> None:
    at = dice.randrange(len(made) + 1)
    size = dice.choice((1, 2, 4, 8, 100))
    match dice.randrange(6):
        case 0 if at < len(made):
            made[at] ^= 1 << dice.randrange(8)
        case 1:
            made[at : at + size] = dice.randbytes(size)
        case 2:
            number = dice.choice(_NUMBERS) % 2**32
            made[at : at + 4] = number.to_bytes(4, dice.choice(("big", "little")))
        case 3:
            del made[at : at + size]
        case 4:
            made[at:at] = made[at // 2 : at // 2 + size]
        case _ if dice.random() < 0.2:
            del made[at:]
        case _:
            made[at : at + size] = b"\xff" * size


def _changed_object(value: dict[str, Any], dice: Random) -> dict[str, Any]:
    name = dice.choice(list(value))
    rest = {key: other for key, other in value.items() if key != name}
    match dice.randrange(10):
        case 0:
            return rest
        case 1:
            return {**rest, mutate_text(name, dice): value[name]}
        case _:
            return {**value, name: mutate_json(value[name], dice)}
