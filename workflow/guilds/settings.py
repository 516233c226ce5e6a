"""Settings of a server: read for each order, changed by its managers with an audit log."""

from collections.abc import Callable, Iterator
from typing import Final

import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.audit_log import Change, NewChange
from domain.guild_settings import GuildSettings, flatten_settings, validate_settings
from storage import audit_log, guild_settings
from storage.database import Database
from workflow.billing.quotas import Actor
from workflow.context import Context
from workflow.signals import Signal

_log = structlog.get_logger(__name__)

SettingsChange = Callable[[GuildSettings], GuildSettings]
"""Returns changed settings."""

_UNREADABLE: Final = GuildSettings(private_allowed=False, remix_allowed=False)
"""Its managers may have switched these off."""


async def read(context: Context, guild_id: int) -> GuildSettings:
    """Read a server's settings; the defaults if none, or unreadable ones, are stored."""
    return await context.database.read(lambda tx: _read(tx, guild_id))


async def read_language(database: Database, guild_id: int) -> str | None:
    """Read the code of the language that a server chose for its public messages."""
    return (await database.read(lambda tx: _read(tx, guild_id))).language


async def read_all(context: Context) -> dict[int, GuildSettings]:
    """Read the settings of every server that has any, by server id."""
    texts = await context.database.read(guild_settings.get_all_settings)
    return {guild_id: _parse(guild_id, text) for guild_id, text in texts.items()}


async def change(
    context: Context,
    guild_id: int,
    manager: Actor,
    change: SettingsChange,
) -> GuildSettings:
    """Apply a change to a server's current settings and return the result.

    Two changes at once apply one after the other. A repeated interaction changes nothing.

    Raises:
        RulesViolated: naming every fault of the changed settings; nothing is changed.
    """
    now_ms = context.now_ms()

    async def record_settings(tx: AsyncConnection) -> GuildSettings:
        await guild_settings.lock_guild(tx, guild_id)
        before = await _read(tx, guild_id)
        if await audit_log.get_by_interaction(tx, manager.interaction_id) is not None:
            return before
        after = change(before)
        validate_settings(after)
        if after != before:
            await guild_settings.save_settings(tx, guild_id, after.model_dump_json(), now_ms)
            for entry in _changes(before, after, guild_id, manager, now_ms):
                await audit_log.record(tx, entry)
        return after

    settings = await context.database.transact(record_settings)
    context.signals.send(Signal.SETTINGS, str(guild_id))
    _log.info("settings changed", server=guild_id, by=manager.user_id)
    return settings


async def _read(tx: AsyncConnection, guild_id: int) -> GuildSettings:
    return _parse(guild_id, await guild_settings.get_settings(tx, guild_id))


def _parse(guild_id: int, text: str | None) -> GuildSettings:
    if text is None:
        return GuildSettings()
    try:
        stored = GuildSettings.model_validate_json(text)
    except ValidationError as error:
        fields = [".".join(map(str, fault["loc"])) for fault in error.errors()]
        _log.error("settings unreadable, defaults used", server=guild_id, fields=fields)
        return _UNREADABLE
    if "remix_allowed" in stored.model_fields_set:
        return stored
    # 0.3.0 stored it, and may still do so while it runs beside this version.
    return stored.model_copy(update={"remix_allowed": False})


def _changes(
    before: GuildSettings, after: GuildSettings, guild_id: int, manager: Actor, now_ms: int
) -> Iterator[NewChange]:
    """Yield an audit log entry per changed field; the first carries the interaction's id."""
    old, new = flatten_settings(before), flatten_settings(after)
    interaction_id: int | None = manager.interaction_id
    for subject in dict.fromkeys((*old, *new)):
        if old.get(subject) == new.get(subject):
            continue
        yield NewChange(
            at_ms=now_ms,
            guild_id=guild_id,
            actor=str(manager.user_id),
            what="setting",
            subject=subject,
            before=old.get(subject),
            after=new.get(subject),
            interaction_id=interaction_id,
        )
        interaction_id = None


_PANEL_KINDS: Final = ("setting", "preset", "limit")
_MAX_CHANGES: Final = 100


async def latest_changes(context: Context, guild_id: int) -> tuple[Change, ...]:
    """Return the latest changes of settings, presets and limits, newest first."""

    async def list_changes(tx: AsyncConnection) -> tuple[Change, ...]:
        return tuple(await audit_log.list_latest(tx, guild_id, _MAX_CHANGES, kinds=_PANEL_KINDS))

    return await context.database.read(list_changes)
