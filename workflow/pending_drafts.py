"""Refused drafts that a click would make valid: kept for a while, also over a restart."""

from dataclasses import dataclass, replace
from typing import Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.requests import Draft
from storage import key_value
from workflow.context import Context
from workflow.input_files import touch_inputs
from workflow.results.rerun import IdempotencyKeys

KEPT_MINUTES: Final = 15

_PREFIX: Final = "pending draft "


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDraft:
    """A member's draft with its files, and the keys of the request that it was.

    `until_ms` is when it expires, Unix milliseconds.
    """

    user_id: int
    draft: Draft
    keys: IdempotencyKeys
    until_ms: int


_PENDING: Final = TypeAdapter(PendingDraft)


async def keep_draft(
    context: Context, key: str, user_id: int, draft: Draft, keys: IdempotencyKeys
) -> None:
    """Keep a draft and its files for a while; its violations have been reported already."""
    await touch_inputs(context, draft)
    pending = PendingDraft(
        user_id=user_id,
        draft=replace(draft, violations=()),
        keys=keys,
        until_ms=context.now_ms() + KEPT_MINUTES * 60_000,
    )
    text = _PENDING.dump_json(pending).decode()

    async def record_pending_draft(tx: AsyncConnection) -> None:
        await key_value.put(tx, _PREFIX + key, text)

    await context.database.transact(record_pending_draft)


async def find_draft(context: Context, key: str, user_id: int) -> PendingDraft | None:
    """Return a member's draft, if it is still kept."""
    text = await context.database.read(lambda tx: key_value.get(tx, _PREFIX + key))
    pending = None if text is None else _parse(text)
    if pending is None or pending.user_id != user_id or pending.until_ms <= context.now_ms():
        return None
    return pending


async def sweep_drafts(context: Context) -> None:
    """Remove the drafts that have expired; call it periodically."""
    kept = await context.database.read(lambda tx: key_value.list_prefixed(tx, _PREFIX))
    now_ms = context.now_ms()
    expired = [key for key, text in kept if not _is_valid(text, now_ms)]
    if not expired:
        return

    async def remove_expired_drafts(tx: AsyncConnection) -> None:
        for key in expired:
            await key_value.remove(tx, key)

    await context.database.transact(remove_expired_drafts)


def _is_valid(text: str, now_ms: int) -> bool:
    pending = _parse(text)
    return pending is not None and pending.until_ms > now_ms


def _parse(text: str) -> PendingDraft | None:
    """Parse a kept draft; None if another version wrote it in another form."""
    try:
        return _PENDING.validate_json(text)
    except ValidationError:
        return None
