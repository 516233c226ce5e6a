"""The offer to use the beginning of a clip that is too long, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cogs.generation.attachments import AttachmentLoader
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import _
from cogs.ui.interactions import UserError
from domain.models import MAX_CLIP_MS
from domain.requests import Draft
from domain.violations import Violation, ViolationCode
from workflow.context import Context
from workflow.input_files import touch_inputs
from workflow.member_turns import MemberTurn
from workflow.pending_interactions import KEPT_MINUTES, PendingStore
from workflow.results.rerun import IdempotencyKeys

_LENGTHS: Final = (ViolationCode.VIDEO_LENGTH, ViolationCode.AUDIO_LENGTH)


@dataclass(frozen=True, slots=True)
class PendingCut:
    """A draft that a cut would make valid, and the keys of the request that it was."""

    draft: Draft
    keys: IdempotencyKeys


class ClipCuts:
    """Drafts that are refused for the length of a clip alone."""

    def __init__(self, context: Context, attachments: AttachmentLoader) -> None:
        self._context = context
        self._attachments = attachments
        self._kept = PendingStore(context.database, context.now_ms, "cut", PendingCut)

    async def offer(
        self,
        interaction_id: int,
        user_id: int,
        draft: Draft,
        keys: IdempotencyKeys,
        violations: Sequence[Violation],
    ) -> ActionButton | None:
        """Keep a draft that a cut would make valid, and return the button; None for any other."""
        if not all(_is_too_long(violation) for violation in violations):
            return None
        key = str(interaction_id)
        await touch_inputs(self._context, draft)
        await self._kept.put(key, user_id, PendingCut(replace(draft, violations=()), keys))
        return ActionButton(ButtonAction.CUT_CLIPS, key)

    async def find(self, key: str, user_id: int) -> PendingCut:
        """Return a member's draft.

        Raises:
            UserError: it is not kept, or no longer.
        """
        pending = await self._kept.get(key, user_id)
        if pending is None:
            raise UserError(
                _(
                    "I only kept your files for {minutes} minutes. Run the command again.",
                    minutes=KEPT_MINUTES,
                )
            )
        return pending

    async def cut(self, turn: MemberTurn, draft: Draft) -> Draft:
        """Return a draft with what is too long cut; raises `RulesViolated` if that cannot be."""
        return await self._attachments.cut_clips(turn, draft)


def _is_too_long(violation: Violation) -> bool:
    length_ms = dict(violation.params).get("duration_ms")
    return violation.code in _LENGTHS and isinstance(length_ms, int) and length_ms > MAX_CLIP_MS
