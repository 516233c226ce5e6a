"""The signing secret and its rotation, as links show them."""

import pytest

from storage.database import Database
from storage.key_value import KeyValueStore
from workflow.urls.signed_urls import SignedUrls
from workflow.urls.signing import Signer, load_signing_secrets, rotate_signing_secret

HOUR_MS = 3_600_000


async def make_urls(database: Database, now_ms: int) -> SignedUrls:
    """Sign as a process does that starts now."""
    signing = await load_signing_secrets(KeyValueStore(database))
    return SignedUrls("https://bot.example", Signer.of(signing, "links", lambda: now_ms))


def last_part(url: str) -> str:
    return url.rpartition("/")[2]


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
async def test_links_outlive_a_rotation_for_their_time(database: Database):
    """Those of the secret before last do not, nor any behind the time."""
    first = last_part((await make_urls(database, 0)).url_for_result("a.mp4", 10 * HOUR_MS))
    assert (await make_urls(database, 0)).parse(first) is not None
    await database.transact(lambda tx: rotate_signing_secret(tx, HOUR_MS))
    second = last_part((await make_urls(database, 0)).url_for_result("a.mp4", 10 * HOUR_MS))
    assert second != first
    assert (await make_urls(database, HOUR_MS - 1)).parse(first) is not None
    assert (await make_urls(database, HOUR_MS)).parse(first) is None
    assert (await make_urls(database, HOUR_MS)).parse(second) is not None
    await database.transact(lambda tx: rotate_signing_secret(tx, HOUR_MS))
    urls = await make_urls(database, 0)
    assert (urls.parse(first), urls.parse(second) is not None) == (None, True)


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
async def test_a_secret_that_is_known_to_others_ends_at_once(database: Database):
    """Also one that an earlier rotation had kept."""
    links = list[str]()
    for keep_until_ms in (HOUR_MS, None):
        links.append(last_part((await make_urls(database, 0)).url_for_result("a.mp4", HOUR_MS)))
        await database.transact(lambda tx, until=keep_until_ms: rotate_signing_secret(tx, until))
    urls = await make_urls(database, 0)
    assert [urls.parse(link) for link in links] == [None, None]
