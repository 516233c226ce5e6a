"""Presets of a server: saved and removed by managers, applied to members' requests."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import presets
from domain.audit_log import NewChange
from domain.errors import RulesViolated
from domain.presets import Preset, preset_key, validate_preset
from domain.requests import Draft
from domain.violations import Source, Violation, ViolationCode
from storage import audit_log, guild_settings
from workflow.billing.quotas import Actor
from workflow.context import Context

_log = structlog.get_logger(__name__)

MAX_PRESETS: Final = 25
"""Presets of a server; Discord shows as many choices in autocomplete."""


async def list_presets(context: Context, guild_id: int) -> list[Preset]:
    """Return a server's presets, sorted by name."""
    return await context.database.read(lambda tx: guild_settings.list_presets(tx, guild_id))


async def save(
    context: Context, guild_id: int, manager: Actor, preset: Preset, *, replaces: str = ""
) -> Preset | None:
    """Save a new preset, or replace the one named `replaces`, and return the replaced one.

    Raises:
        RulesViolated: the preset breaks rules, its name is taken, the one to replace is gone, or
            the server has as many as it may; nothing changed.
    """
    normalized = validate_preset(preset)

    async def record_preset(tx: AsyncConnection) -> Preset | None:
        await guild_settings.lock_guild(tx, guild_id)
        known = {one.key: one for one in await guild_settings.list_presets(tx, guild_id)}
        if known.get(normalized.key) == normalized:
            return normalized
        before = known.pop(preset_key(replaces), None)
        _refuse(normalized, over=bool(replaces), before=before, others=known)
        if before is not None:
            await guild_settings.remove_preset(tx, guild_id, before.key)
        await guild_settings.add_preset(tx, guild_id, normalized, context.now_ms())
        await _record(tx, context, guild_id, manager, before, normalized)
        return before

    before = await context.database.transact(record_preset)
    _log.info("preset saved", server=guild_id, by=manager.user_id)
    return before


async def remove(context: Context, guild_id: int, manager: Actor, name: str) -> Preset | None:
    """Remove a preset and return it; None if there is none of this name."""

    async def record_removal(tx: AsyncConnection) -> Preset | None:
        await guild_settings.lock_guild(tx, guild_id)
        known = await guild_settings.list_presets(tx, guild_id)
        before = next((one for one in known if one.key == preset_key(name)), None)
        if before is not None:
            await guild_settings.remove_preset(tx, guild_id, before.key)
            await _record(tx, context, guild_id, manager, before, None)
        return before

    before = await context.database.transact(record_removal)
    _log.info("preset removed", server=guild_id, by=manager.user_id)
    return before


async def autocomplete_preset(context: Context, guild_id: int, typed: str) -> list[Preset]:
    """Return the presets whose name contains the typed text, ignoring case."""
    return [one for one in await list_presets(context, guild_id) if preset_key(typed) in one.key]


async def apply_preset(context: Context, guild_id: int, draft: Draft) -> Draft:
    """Return a draft with its open options filled by the preset that it names."""
    if draft.preset is None:
        return draft
    for preset in await list_presets(context, guild_id):
        if preset.key == preset_key(draft.preset):
            return presets.apply_preset(draft, preset)
    unknown = Violation.of(ViolationCode.PRESET_UNKNOWN, Source.PRESET)
    return replace(draft, violations=(*draft.violations, unknown))


def _refuse(
    preset: Preset, *, over: bool, before: Preset | None, others: Mapping[str, Preset]
) -> None:
    broken: Violation | None = None
    if over and before is None:
        broken = Violation.of(ViolationCode.PRESET_DELETED, Source.SETTINGS)
    elif preset.key in others:
        broken = Violation.of(ViolationCode.PRESET_NAME_TAKEN, Source.SETTINGS)
    elif not over and len(others) >= MAX_PRESETS:
        broken = Violation.of(ViolationCode.TOO_MANY_PRESETS, Source.SETTINGS, most=MAX_PRESETS)
    if broken is not None:
        raise RulesViolated([broken])


async def _record(
    tx: AsyncConnection,
    context: Context,
    guild_id: int,
    manager: Actor,
    before: Preset | None,
    after: Preset | None,
) -> None:
    subject = after or before
    assert subject is not None, "something has changed"
    change = NewChange(
        at_ms=context.now_ms(),
        guild_id=guild_id,
        actor=str(manager.user_id),
        what="preset",
        subject=f"preset:{subject.name}",
        before=_dump(before),
        after=_dump(after),
        interaction_id=manager.interaction_id,
    )
    await audit_log.record(tx, change)


def _dump(preset: Preset | None) -> str | None:
    return None if preset is None else preset.model_dump_json(exclude_defaults=True)
