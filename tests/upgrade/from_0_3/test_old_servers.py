"""Servers of 0.3.0 keep what they had where the default changed; a new one begins with it on."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.guild_settings import GuildSettings
from domain.requests import dump_request
from storage import guild_settings
from storage.database import Database
from tests.harness.schema import migrate_to
from tests.harness.video_requests import pro_text_to_video

HEAD_OF_0_3: Final = "0015"

AS_BEFORE: Final = GuildSettings(private_allowed=False)
"""The settings of a server on which nothing was chosen, as they were then."""

MEETINGS: Final[Sequence[str]] = (
    """
    INSERT INTO limits (guild_id, target, subject_id, kind, amount)
    VALUES (:guild, 'server', 0, 'day', 5)
    """,
    """
    INSERT INTO changes (at_ms, guild_id, actor, what, subject, note)
    VALUES (1, :guild, '3', 'limit', 'day', '')
    """,
    """
    INSERT INTO servers (guild_id, name) VALUES (:guild, 'Studio')
    """,
    """
    INSERT INTO presets (guild_id, name, preset, updated_at_ms) VALUES (:guild, 'a', '{}', 1)
    """,
    """
    INSERT INTO members (guild_id, user_id, tell_when_done) VALUES (:guild, 3, 1)
    """,
    """
    INSERT INTO memberships (guild_id, user_id, checked_at_ms) VALUES (:guild, 3, 1)
    """,
    """
    INSERT INTO erasures (user_id, guild_id, until_ms) VALUES (3, :guild, 1)
    """,
    """
    INSERT INTO daily_sums (guild_id, scope, day, subject_id, model)
    VALUES (:guild, 'server', 1, 0, 'm')
    """,
    """
    INSERT INTO billing (kind, amount_micro, account, guild_id, user_id, price_version,
    created_at_ms, actor, note) VALUES ('grant', 5, 'member', :guild, 3, 'v', 1, '3', '')
    """,
    """
    INSERT INTO films (id, interaction_id, guild_id, channel_id, user_id, state, fence, parts,
    dissolve, seconds, private, percent, failures, turns, due_at_ms, created_at_ms)
    VALUES ('f', 1, :guild, 2, 3, 'delivered', 0, 'a b', 0, 8, 0, 100, 0, 0, 1, 1)
    """,
    """
    INSERT INTO jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request,
    model, mode, resolution, seconds, price_micro, price_version, attempt, submissions,
    failures, turns, due_at_ms, created_at_ms) VALUES ('j', 1, :guild, 2, 3, 'queued', 0,
    :request, 'm', 'm', '720p', 4, 80, 'v', 1, 0, 0, 0, 5, 5)
    """,
)
"""Each leaves a server known by another table alone."""

STORED: Final = {
    101: '{"private_allowed": true}',
    102: '{"channels": [7]}',
    103: "unreadable",
}


async def test_what_a_server_had_stays(empty_database_url: str) -> None:
    """Whatever table a server is known by; what its managers chose is not touched."""
    await migrate_to(empty_database_url, HEAD_OF_0_3)
    async with await Database.open(empty_database_url) as database:
        await database.transact(_live)
        await database.migrate()
        stored = await database.read(guild_settings.get_all_settings)
    assert stored.pop(103) == "unreadable"
    read = {guild: GuildSettings.model_validate_json(text) for guild, text in stored.items()}
    assert read == {
        **dict.fromkeys(range(1, 1 + len(MEETINGS)), AS_BEFORE),
        101: AS_BEFORE.model_copy(update={"private_allowed": True}),
        102: AS_BEFORE.model_copy(update={"channels": (7,)}),
    }


async def _live(tx: AsyncConnection) -> None:
    """Leave what 0.3.0 leaves: each server in one table, the service's own limit in none's name."""
    for guild, meeting in enumerate((MEETINGS[0].replace("'server'", "'everything'"), *MEETINGS)):
        values = {"guild": guild, "request": dump_request(pro_text_to_video())}
        used = {name: value for name, value in values.items() if f":{name}" in meeting}
        await tx.execute(text(meeting), used)
    chosen = "INSERT INTO guilds (guild_id, settings, updated_at_ms) VALUES (:guild, :text, 1)"
    for guild, settings in STORED.items():
        await tx.execute(text(chosen), {"guild": guild, "text": settings})
