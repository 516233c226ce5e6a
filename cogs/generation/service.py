"""Requests for videos: validated, priced, confirmed, accepted, answered."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from discord import ui

from cogs.generation import refusals
from cogs.generation.clip_cuts import ClipCuts
from cogs.generation.confirmations import (
    PendingConfirmation,
    PriceConfirmations,
    needs_confirmation,
)
from cogs.generation.eligibility import (
    limit_violations,
    permission_violations,
    request_origin,
    room_violations,
)
from cogs.generation.modals import ModalKind
from cogs.generation.offers import (
    CheckedRequest,
    find_cheaper,
    find_public,
    is_over_quota,
    is_private_alone,
)
from cogs.generation.retry import RetryDraft, RetryModals
from cogs.publishing.ephemeral_replies import EphemeralReplies
from cogs.servers.gate import ServerGate
from cogs.ui import views
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import _
from cogs.ui.interactions import Refusal, UserError, channel_id_of, guild_id_of, role_ids
from cogs.ui.notify_button import NotifyButton
from cogs.ui.routing import Interaction
from domain.errors import RulesViolated
from domain.guild_rules import apply_guild_rules, privacy_violations
from domain.money import ZERO, MicroUSD
from domain.requests import Conversion, Draft, build_request
from domain.violations import Source, Violation, ViolationCode
from workflow.answer_updates import follow_job
from workflow.billing.quotas import Member, read_quota_status
from workflow.context import Context
from workflow.guilds.notifications import wants_done_notification
from workflow.guilds.presets import apply_preset
from workflow.guilds.prompt_history import resolve_prompt_token
from workflow.guilds.settings import read
from workflow.member_turns import MemberTurn, MemberTurns
from workflow.private_answers import EditableAnswer
from workflow.results.rerun import IdempotencyKeys
from workflow.stages.accept import Accepted, Order, accept
from workflow.storyboards.orders import plan_joining
from workflow.worker import Worker

_ACCEPTED: Final = "accepted_job"
"""Under which an interaction has the job that it was accepted as."""
_CONVERSIONS: Final = "conversions"

_FIXABLE: Final = frozenset({Source.FORM, Source.ATTACHMENT})
"""Sources of violations that a retry modal, or another file, can correct."""

_PRESET_REFUSALS: Final = frozenset(
    {ViolationCode.PRESET_UNKNOWN, ViolationCode.PRESET_DOES_NOT_FIT}
)
"""Refusals of a preset, for which a retry modal has no field: it goes on without one."""


class GenerationService:
    """Turns drafts from commands, buttons and modals into jobs."""

    def __init__(
        self,
        context: Context,
        worker: Worker,
        ephemeral_replies: EphemeralReplies,
        retries: RetryModals,
        gate: ServerGate,
        cuts: ClipCuts,
    ) -> None:
        self.gate = gate
        self._cuts = cuts
        self.turns = MemberTurns(context)
        self._context = context
        self._worker = worker
        self._ephemeral_replies = ephemeral_replies
        self._retries = retries
        self._confirmations = PriceConfirmations(context)

    @asynccontextmanager
    async def take_turn(
        self,
        interaction: Interaction,
        draft: Draft,
        keys: IdempotencyKeys | None = None,
        *,
        has_files: bool = True,
        retry: RetryDraft | None = None,
    ) -> AsyncGenerator[MemberTurn]:
        """Wait for the member's turn, in which the files of a draft may be fetched.

        `draft` is what is known without them. A request without files waits for nothing, and is
        checked as a whole. A refusal keeps `retry`, whose modal asks for the files again.

        Raises:
            Refusal: what is known breaks rules that neither files nor a form would change.
            UserError: Discord does not answer whose server it is.
        """
        if not has_files:
            yield MemberTurn(self._context, interaction.user.id)
            return
        async with self.turns.take(interaction.user.id) as turn:
            try:
                await self.gate.check(interaction)
                await self._check_known(interaction, draft, keys or IdempotencyKeys(interaction.id))
            except RulesViolated as error:
                view = await self._refuse(interaction, error.violations, draft, retry)
                raise Refusal(view) from None
            yield turn

    async def _refuse(
        self,
        interaction: Interaction,
        violations: Sequence[Violation],
        draft: Draft,
        retry: RetryDraft | None,
        *buttons: ui.Item[Any] | None,
    ) -> ui.LayoutView:
        """Lay out a refusal, with the button that opens the draft's modal: no prompt is lost."""
        edit = None
        if retry is not None:
            refused = draft
            if any(one.code in _PRESET_REFUSALS for one in violations):
                refused = replace(draft, preset=None)
            edit = await self._retries.keep(interaction.id, retry, refused)
        return views.render_refusal(violations, *buttons, edit)

    async def _check_known(
        self, interaction: Interaction, draft: Draft, keys: IdempotencyKeys
    ) -> None:
        draft = await self._resolve_prompt(interaction, draft)
        broken, takes = list[Violation](), draft.takes or 1
        try:
            takes = (await self.validate(interaction, draft)).takes
        except RulesViolated as error:
            broken += [one for one in error.violations if one.source is not Source.ATTACHMENT]
        broken += await limit_violations(self._context, interaction, keys, takes)
        broken += room_violations(self._context)
        if any(one.source not in _FIXABLE for one in broken):
            raise RulesViolated(broken)

    async def _resolve_prompt(self, interaction: Interaction, draft: Draft) -> Draft:
        guild_id = guild_id_of(interaction)
        return await resolve_prompt_token(self._context, guild_id, interaction.user.id, draft)

    async def request_video(
        self,
        interaction: Interaction,
        draft: Draft,
        keys: IdempotencyKeys | None = None,
        retry: RetryDraft | None = None,
        *,
        agreed_price: MicroUSD | None = None,
    ) -> ui.LayoutView:
        """Accept a draft and return the private answer: the price, or every violation.

        It becomes a job, or one for each take. Requests with a common key in `keys` are one. A
        refusal keeps `retry` with the draft in it, and gets a button that opens its modal. The
        answer is a question instead of a price that is above the server's threshold, or not
        `agreed_price`.
        """
        keys = keys or IdempotencyKeys(interaction.id)
        draft = await self._resolve_prompt(interaction, draft)
        try:
            await self.gate.check(interaction)
            return await self._ask_or_accept(interaction, draft, keys, retry, agreed_price)
        except RulesViolated as error:
            user_id, violations = interaction.user.id, error.violations
            cut = await self._cuts.offer(interaction.id, user_id, draft, keys, violations)
            refused = PendingConfirmation(
                user_id=user_id, draft=draft, keys=keys, retry=retry, price=ZERO
            )
            offer = await self._offer(interaction, refused, violations)
            return await self._refuse(interaction, violations, draft, retry, cut, offer)

    async def _offer(
        self,
        interaction: Interaction,
        refused: PendingConfirmation,
        violations: Sequence[Violation],
    ) -> ui.Item[Any] | None:
        """Return the button that makes what would be taken in the place of a refused request."""

        async def validate(draft: Draft) -> CheckedRequest:
            return await self.validate(interaction, draft)

        if is_private_alone(violations):
            offer = await find_public(refused, validate)
        elif is_over_quota(violations):
            member = Member(guild_id_of(interaction), refused.user_id, role_ids(interaction.user))
            remaining = (await read_quota_status(self._context, member)).remaining
            offer = await find_cheaper(refused, validate, remaining)
        else:
            return None
        return offer and await self._confirmations.keep(interaction.id, *offer)

    async def answer(self, interaction: Interaction, view: ui.LayoutView) -> None:
        """Send the private answer that a request led to; it follows the job, if there is one."""
        await interaction.edit_original_response(view=view)
        if (job_id := interaction.extras.get(_ACCEPTED)) is not None:
            await self.let_answer_follow(interaction, job_id)

    async def let_answer_follow(self, interaction: Interaction, job_id: str) -> None:
        """Let the private message that an interaction answers or clicked on follow a job."""
        token, roles = interaction.token, role_ids(interaction.user)
        conversions = interaction.extras.get(_CONVERSIONS, ())
        answer = EditableAnswer(interaction.application_id, token, roles, conversions)
        await follow_job(self._context, job_id, interaction.user.id, answer)

    async def request_cut(self, interaction: Interaction, key: str) -> ui.LayoutView:
        """Cut the clips of a refused draft, and request its video.

        Raises:
            UserError: the draft has expired.
            RulesViolated: a clip cannot be cut, or rules no longer allow the request.
        """
        pending = await self._cuts.find(key, interaction.user.id)
        async with self.take_turn(interaction, pending.draft, pending.keys) as turn:
            draft = await self._cuts.cut(turn, pending.draft)
            retry = RetryDraft(interaction.user.id, ModalKind.REFERENCE, draft)
            return await self.request_video(interaction, draft, pending.keys, retry)

    async def _ask_or_accept(
        self,
        interaction: Interaction,
        draft: Draft,
        keys: IdempotencyKeys,
        retry: RetryDraft | None,
        agreed_price: MicroUSD | None,
    ) -> ui.LayoutView:
        """Ask the member to confirm the price if need be, or else accept the draft as a job."""
        checked = await self.validate(interaction, draft)
        price = checked.price
        if needs_confirmation(price, agreed_price, checked.confirm_above):
            pending = PendingConfirmation(
                user_id=interaction.user.id, draft=draft, keys=keys, retry=retry, price=price
            )
            return await self._confirmations.ask(interaction, pending)
        accepted = await self._accept(interaction, checked, keys, draft)
        return await self._start(interaction, accepted, draft.conversions)

    async def _start(
        self, interaction: Interaction, accepted: Accepted, conversions: Sequence[Conversion]
    ) -> ui.LayoutView:
        """Have the worker begin, and lay out the private answer."""
        for job in accepted.jobs if accepted.job.private else ():
            await self._ephemeral_replies.remember(job.id, interaction)
        interaction.extras[_ACCEPTED] = accepted.job.id
        interaction.extras[_CONVERSIONS] = tuple(conversions)
        self._worker.wake()
        cancel = ActionButton(ButtonAction.CANCEL, accepted.job.order_id or accepted.job.id)
        charge_failures = self._context.policy.charge_failed_tasks
        return views.render_accepted(
            accepted,
            cancel,
            *await self._notify_buttons(accepted),
            charge_failures=charge_failures,
            conversions=conversions,
        )

    async def confirm(self, interaction: Interaction, key: str) -> ui.LayoutView:
        """Accept a request whose price its member has confirmed with a click.

        Raises:
            UserError: the question has expired.
        """
        pending = await self._confirmations.find(key, interaction.user.id)
        if pending is None:
            raise UserError(
                _("This question expired, and nothing was spent. Run the command again.")
            )
        return await self.request_video(
            interaction, pending.draft, pending.keys, pending.retry, agreed_price=pending.price
        )

    async def _notify_buttons(self, accepted: Accepted) -> list[ui.Item[Any]]:
        """Return the button for done-notifications; a private video needs none."""
        job = accepted.job
        if job.private:
            return []
        wanted = await wants_done_notification(self._context, job.guild_id, job.user_id)
        return [NotifyButton(job.guild_id, enabled=not wanted)]

    async def validate(self, interaction: Interaction, draft: Draft) -> CheckedRequest:
        """Return a draft's request, its takes, and the price above which its member is asked."""
        guild_id = guild_id_of(interaction)
        draft = await apply_preset(self._context, guild_id, draft)
        settings = await read(self._context, guild_id)
        # In a thread: managers' patterns may be slow, though within a bound.
        draft = await asyncio.to_thread(
            apply_guild_rules, settings, request_origin(interaction), draft
        )
        origin_violations = (
            *privacy_violations(settings, draft),
            *([] if draft.private else permission_violations(interaction)),
        )
        request = build_request(replace(draft, violations=(*draft.violations, *origin_violations)))
        takes = 1 if draft.joined_to is not None else draft.takes or 1
        return CheckedRequest(request, takes, settings.confirm_above)

    async def _accept(
        self,
        interaction: Interaction,
        checked: CheckedRequest,
        keys: IdempotencyKeys,
        draft: Draft,
    ) -> Accepted:
        """Accept a draft's request; a refusal by the quota or the queue is `RulesViolated`."""
        order = Order(
            interaction_id=keys.own,
            duplicate_keys=keys.duplicates,
            guild_id=guild_id_of(interaction),
            channel_id=channel_id_of(interaction),
            user_id=interaction.user.id,
            request=checked.request,
            further=(checked.request,) * (checked.takes - 1),
            role_ids=role_ids(interaction.user),
            private=draft.private,
            language=str(interaction.locale),
            remix_of=draft.remix_of,
        )
        if draft.joined_to is not None:
            order = plan_joining(self._context, order, draft.joined_to)
        with refusals.as_violations(checked.price):
            return await accept(self._context, order)
