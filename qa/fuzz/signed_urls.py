"""Callbacks and links that we never gave out: near misses of true ones, with odd bodies."""

from random import Random

from apixo.schemas import MAX_ID_CHARS, parse_callback
from qa.fuzz.mutators import encode_json, mutate_json, mutate_text
from qa.fuzz.target import FuzzTarget
from workflow.urls.callback_urls import SignedCallbackUrls
from workflow.urls.signed_urls import SignedUrls
from workflow.urls.signing import Signer

SECRET = b"a secret of this fuzz"
CALLBACK_URLS = SignedCallbackUrls("", Signer(SECRET, "callbacks"))
FORGED_BODY = {"code": 200, "data": {"taskId": "task_evil", "state": "success", "resultJson": "{}"}}

_LINKS = SignedUrls("", Signer(SECRET, "links"))
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~=%/é\u2028"
_TEXTS = tuple(f"1.{'0' * 19}{last}.{number}" for last in "012" for number in (1, 2, 10))
_TOKENS = tuple(f"{text}.{Signer(SECRET, 'callbacks').sign(text)}" for text in _TEXTS)
_SIGNED = _LINKS.url_for_result("0123456789abcdefghjk.mp4", 1_800_000_000_000).rpartition("/")[2]


def forged_token(dice: Random) -> str:
    """Make a token that is none: one letter off, a piece of two, cut, lengthened."""
    token = _changed(dice.choice(_TOKENS), dice)
    return token if token not in _TOKENS else token[:-1]


def _callback(dice: Random) -> str:
    """Call back under a forged address; its body is what it likes to be."""
    assert CALLBACK_URLS.parse(forged_token(dice)) is None
    if dice.random() < 0.8:
        return "refused"
    body = encode_json(mutate_json(FORGED_BODY, dice), dice)
    try:
        task_id = parse_callback(body)
    except ValueError:
        return "refused"
    assert 0 < len(task_id) <= MAX_ID_CHARS
    assert task_id.isprintable()
    return "refused"


def _link(dice: Random) -> str:
    """Ask for a link that is a near miss."""
    signed = _changed(_SIGNED, dice)
    assert signed == _SIGNED or _LINKS.parse(signed) is None
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
            return mutate_text(text, dice)


SIGNED_URL_TARGETS = (
    FuzzTarget("callbacks", 1_000_000, _callback),
    FuzzTarget("links", 50_000, _link),
)
