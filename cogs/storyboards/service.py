"""Storyboards from commands and forms: read, priced, confirmed, accepted, decided about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from discord import ui

from cogs.generation import refusals
from cogs.generation.attachments import AttachmentLike, AttachmentLoader
from cogs.generation.eligibility import limit_violations, room_violations
from cogs.generation.retry import RetryDraft, RetryModals
from cogs.generation.service import GenerationService
from cogs.storyboards import views
from cogs.storyboards.plans import StoryboardPlan, plan_storyboard
from cogs.ui.i18n import _
from cogs.ui.interactions import UserError, channel_id_of, guild_id_of, role_ids
from cogs.ui.routing import Interaction
from cogs.ui.views import render_refusal
from domain.errors import RulesViolated
from domain.job_view import JobView
from domain.money import MicroUSD
from domain.requests import Draft, VideoRequest
from workflow.billing.quotas import Member, read_quota_status
from workflow.context import Context
from workflow.errors import ShotDecided
from workflow.member_turns import MemberTurn
from workflow.pending_interactions import PendingStore
from workflow.results.rerun import IdempotencyKeys, click_keys
from workflow.stages.accept import Accepted, Order
from workflow.storyboards.orders import accept_storyboard, try_again
from workflow.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingStoryboard:
    """A storyboard as given, and the price that its member is asked to confirm."""

    given: RetryDraft
    keys: IdempotencyKeys
    price: MicroUSD


class StoryboardService:
    """Turns texts with shots into storyboards."""

    def __init__(
        self,
        context: Context,
        worker: Worker,
        generation: GenerationService,
        attachments: AttachmentLoader,
        retries: RetryModals,
    ) -> None:
        self.gate = generation.gate
        self.retries = retries
        self._context = context
        self._worker = worker
        self._generation = generation
        self._attachments = attachments
        self._questions = PendingStore(
            context.database, context.now_ms, "storyboard question", PendingStoryboard
        )

    async def ask(
        self,
        interaction: Interaction,
        given: RetryDraft,
        files: Sequence[AttachmentLike],
        keys: IdempotencyKeys,
    ) -> ui.LayoutView:
        """Read a storyboard and ask whether to make it; nothing is held yet.

        Files take the place of the pictures that it has. A refusal keeps the text and the pictures.
        """
        async with self._generation.turns.take(interaction.user.id) as turn:
            try:
                await self._check_before_files(interaction, keys, has_files=bool(files))
                given = await self._with_pictures(turn, given, files)
                plan = await self._plan(interaction, given)
            except RulesViolated as error:
                return await self._refuse(interaction, given, error)
            return await self._ask(interaction, given, plan, keys)

    async def confirm(self, interaction: Interaction, key: str) -> ui.LayoutView:
        """Accept a storyboard whose price its member has confirmed with a click.

        Raises:
            UserError: the question has expired.
        """
        pending = await self._questions.get(key, interaction.user.id)
        if pending is None:
            raise UserError(
                _("This question expired, and nothing was spent. Run the command again.")
            )
        given = pending.given
        try:
            await self.gate.check(interaction)
            plan = await self._plan(interaction, given)
            if plan.price != pending.price:
                return await self._ask(interaction, given, plan, pending.keys)
            accepted = await self._accept(interaction, given.draft, plan, pending.keys)
        except RulesViolated as error:
            return await self._refuse(interaction, given, error)
        self._worker.wake()
        return views.render_accepted(accepted, charge_failures=self._charges_failures)

    async def try_again(self, interaction: Interaction, job: JobView) -> ui.LayoutView:
        """Make a shot without a video once more, with the same request.

        Raises:
            RulesViolated: the quota or the queue refuses it.
            UserError: its member has decided about it.
        """
        await self.gate.check(interaction)
        keys = click_keys(interaction.id, interaction.user.id, "shot", job.id)
        order = _order(interaction, keys, (job.request,), private=job.private)
        try:
            with refusals.as_violations(job.price):
                order = replace(order, channel_id=job.channel_id)
                accepted = await try_again(self._context, order, job.id)
        except ShotDecided:
            raise UserError(decided_text()) from None
        self._worker.wake()
        return views.render_tried_again(accepted, charge_failures=self._charges_failures)

    @property
    def _charges_failures(self) -> bool:
        return self._context.policy.charge_failed_tasks

    async def _check_before_files(
        self, interaction: Interaction, keys: IdempotencyKeys, *, has_files: bool
    ) -> None:
        await self.gate.check(interaction)
        if not has_files:
            return
        broken = await limit_violations(self._context, interaction, keys)
        if broken := [*broken, *room_violations(self._context)]:
            raise RulesViolated(broken)

    async def _with_pictures(
        self, turn: MemberTurn, given: RetryDraft, files: Sequence[AttachmentLike]
    ) -> RetryDraft:
        if not files:
            return given
        loaded = await self._attachments.load_pictures(turn, files)
        draft = replace(given.draft, violations=(*given.draft.violations, *loaded.violations))
        return replace(given, draft=draft, frames=loaded.frames, files=(), omitted_references=0)

    async def _plan(self, interaction: Interaction, given: RetryDraft) -> StoryboardPlan:
        async def validate(draft: Draft) -> VideoRequest:
            return (await self._generation.validate(interaction, draft)).request

        return await plan_storyboard(given, validate)

    async def _refuse(
        self, interaction: Interaction, given: RetryDraft, error: RulesViolated
    ) -> ui.LayoutView:
        edit = await self.retries.keep(interaction.id, given, given.draft)
        return render_refusal(error.violations, edit)

    async def _ask(
        self,
        interaction: Interaction,
        given: RetryDraft,
        plan: StoryboardPlan,
        keys: IdempotencyKeys,
    ) -> ui.LayoutView:
        user_id, key = interaction.user.id, str(interaction.id)
        edit = await self.retries.keep(interaction.id, given, given.draft)
        pending = PendingStoryboard(given=given, keys=keys, price=plan.price)
        await self._questions.put(key, user_id, pending)
        member = Member(guild_id_of(interaction), user_id, role_ids(interaction.user))
        remaining = (await read_quota_status(self._context, member)).remaining
        return views.render_question(plan, key, edit, remaining)

    async def _accept(
        self,
        interaction: Interaction,
        draft: Draft,
        plan: StoryboardPlan,
        keys: IdempotencyKeys,
    ) -> Accepted:
        """Accept all shots; raise a refusal by the quota or the queue as `RulesViolated`."""
        requests = tuple(one.request for one in plan.shots)
        order = _order(interaction, keys, requests, private=draft.private)
        starts = [one.shot.start for one in plan.shots]
        with refusals.as_violations(plan.price):
            return await accept_storyboard(self._context, order, starts)


def decided_text() -> str:
    """Return the sentence about a shot that nobody has to decide about."""
    return _("You've already decided about this shot, or its storyboard is over.")


def _order(
    interaction: Interaction,
    keys: IdempotencyKeys,
    requests: tuple[VideoRequest, ...],
    *,
    private: bool,
) -> Order:
    first, *further = requests
    return Order(
        interaction_id=keys.own,
        duplicate_keys=keys.duplicates,
        guild_id=guild_id_of(interaction),
        channel_id=channel_id_of(interaction),
        user_id=interaction.user.id,
        request=first,
        further=tuple(further),
        role_ids=role_ids(interaction.user),
        private=private,
        language=str(interaction.locale),
    )
