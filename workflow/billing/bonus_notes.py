"""What a member is told in their next private answer: bonuses given to them, and taken back."""

from typing import Final

from pydantic import BaseModel, TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import MicroUSD
from storage import key_value

_MAX_KEPT: Final = 10


class BonusNote(BaseModel):
    """An amount given, or below zero taken back, in micro-dollars."""

    amount: MicroUSD

    @property
    def amount_taken(self) -> MicroUSD:
        """Return what was taken back."""
        return MicroUSD(-self.amount)


_NOTES: Final = TypeAdapter(list[BonusNote])


async def add_note(tx: AsyncConnection, guild_id: int, user_id: int, amount: MicroUSD) -> None:
    """Keep a note for a member; of very many the last ones."""
    notes = [*await list_notes(tx, guild_id, user_id), BonusNote(amount=amount)]
    text = _NOTES.dump_json(notes[-_MAX_KEPT:]).decode()
    await key_value.put(tx, key_value.bonus_notes_key(guild_id, user_id), text)


async def list_notes(tx: AsyncConnection, guild_id: int, user_id: int) -> list[BonusNote]:
    """List the notes that a member has not been shown."""
    text = await key_value.get(tx, key_value.bonus_notes_key(guild_id, user_id))
    return [] if text is None else _NOTES.validate_json(text)


async def remove_notes(
    tx: AsyncConnection, guild_id: int, user_id: int, shown: list[BonusNote]
) -> None:
    """Remove notes that a member has been shown, and keep those that came meanwhile."""
    left = (await list_notes(tx, guild_id, user_id))[len(shown) :]
    key = key_value.bonus_notes_key(guild_id, user_id)
    if left:
        await key_value.put(tx, key, _NOTES.dump_json(left).decode())
    else:
        await key_value.remove(tx, key)
