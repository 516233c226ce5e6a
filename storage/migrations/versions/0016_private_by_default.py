"""Keep private videos off on the servers that are known: new ones begin with them on."""

import json
import time

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NAMING_SERVERS = (
    *("jobs", "films", "billing", "daily_sums", "limits", "changes"),
    *("guilds", "servers", "presets", "members", "memberships", "erasures"),
)
"""The tables that name a server; 0 stands for none."""

WRITE_IF_NONE = (
    "INSERT INTO guilds (guild_id, settings, updated_at_ms) "
    "VALUES (:guild_id, :settings, :now_ms) ON CONFLICT (guild_id) DO NOTHING"
)

OFF = {"private_allowed": False}


def upgrade() -> None:
    """Write the setting where a server has none."""
    connection = op.get_bind()
    guilds = sa.table("guilds", *map(sa.column, ("guild_id", "settings", "updated_at_ms")))
    # Managers may change settings meanwhile, with the version before.
    rows = connection.execute(sa.select(guilds.c.guild_id, guilds.c.settings).with_for_update())
    for guild_id, text in rows.all():
        if (completed := _completed(text)) is not None:
            changed = sa.update(guilds).where(guilds.c.guild_id == guild_id)
            connection.execute(changed.values(settings=completed))
    tables = (sa.table(name, sa.column("guild_id")) for name in NAMING_SERVERS)
    named = connection.scalars(sa.union(*(sa.select(table.c.guild_id) for table in tables)))
    new = {"settings": json.dumps(OFF), "now_ms": time.time_ns() // 1_000_000}
    if met := [new | {"guild_id": guild_id} for guild_id in named if guild_id]:
        connection.execute(sa.text(WRITE_IF_NONE), met)


def _completed(text: str) -> str | None:
    """Return settings with what they lack; None if they lack nothing, or nobody can read them."""
    try:
        settings = json.loads(text)
    except ValueError:
        return None
    if not isinstance(settings, dict) or settings.keys() >= OFF.keys():
        return None
    return json.dumps({**OFF, **settings})
