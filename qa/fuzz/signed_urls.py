"""Callbacks and links that we never gave out: near misses of true ones, with odd bodies."""

from random import Random

from apixo.schemas import MAX_ID_CHARS, read_callback
from qa.fuzz.mutators import as_bytes, changed_json, changed_text
from qa.fuzz.target import Target
from workflow.urls.callback_urls import CallbackAddresses
from workflow.urls.signed_urls import SignedLinks
from workflow.urls.signing import Seal

SECRET = b"a secret of this fuzz"
CALLBACKS = CallbackAddresses("", Seal(SECRET, "callbacks"))
BODY = {"code": 200, "data": {"taskId": "task_evil", "state": "success", "resultJson": "{}"}}

_LINKS = SignedLinks("", Seal(SECRET, "links"))
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~=%/é\u2028"
_TEXTS = tuple(f"1.{'0' * 19}{last}.{number}" for last in "012" for number in (1, 2, 10))
_TOKENS = tuple(f"{text}.{Seal(SECRET, 'callbacks').mark(text)}" for text in _TEXTS)
_SIGNED = _LINKS.address_of_result("0123456789abcdefghjk.mp4", 1_800_000_000_000).rpartition("/")[2]


def forged_token(dice: Random) -> str:
    """Make a token that is none: one letter off, a piece of two, cut, lengthened."""
    token = _changed(dice.choice(_TOKENS), dice)
    return token if token not in _TOKENS else token[:-1]


def _callback(dice: Random) -> str:
    """Call back under a forged address; its body is what it likes to be."""
    assert CALLBACKS.read(forged_token(dice)) is None
    if dice.random() < 0.8:
        return "refused"
    body = as_bytes(changed_json(BODY, dice), dice)
    try:
        task_id = read_callback(body)
    except ValueError:
        return "refused"
    assert 0 < len(task_id) <= MAX_ID_CHARS
    assert task_id.isprintable()
    return "refused"


def _link(dice: Random) -> str:
    """Ask for a link that is a near miss."""
    signed = _changed(_SIGNED, dice)
    assert signed == _SIGNED or _LINKS.read(signed) is None
    return "refused"


def _changed(text: str, dice: Random) -> str:
    at = dice.randrange(len(text))
    match dice.randrange(8):
        case 0 | 1 | 2:
            return text[:at] + dice.choice(_LETTERS) + text[at + 1 :]
        case 3:
            return text[:at] + text[at + 1 :]
        case 4:
            return text[:at] + dice.choice(_LETTERS) + text[at:]
        case 5:
            other = dice.choice(_TOKENS)
            return text[:at] + other[at:]
        case 6:
            return text[:at]
        case _:
            return changed_text(text, dice)


ADDRESSES = (Target("callbacks", 1_000_000, _callback), Target("links", 50_000, _link))
