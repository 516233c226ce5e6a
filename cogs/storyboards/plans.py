"""Plans of storyboards: the request and the price of each shot, or every rule that one breaks."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from cogs.generation.retry import RetryDraft
from domain.errors import RulesViolated
from domain.models import AspectRatio
from domain.money import MicroUSD
from domain.pricing import quote
from domain.requests import Draft, GenerationCommand, VideoRequest
from domain.storyboard import Shot, parse_storyboard
from domain.violations import Source, Violation, ViolationCode

Validate = Callable[[Draft], Awaitable[VideoRequest]]
"""Returns the request of a draft; raises `RulesViolated`."""


@dataclass(frozen=True, slots=True)
class ShotPlan:
    """A shot, and the request that is held for; of one that goes on from another, without frame."""

    shot: Shot
    request: VideoRequest


@dataclass(frozen=True, slots=True)
class StoryboardPlan:
    """The shots of a storyboard, in order."""

    shots: tuple[ShotPlan, ...]

    @property
    def price(self) -> MicroUSD:
        """Return the price of all shots."""
        return MicroUSD(sum(quote(one.request).amount for one in self.shots))

    @property
    def seconds(self) -> int:
        """Return how long all shots are together."""
        return sum(one.request.seconds for one in self.shots)


async def plan_storyboard(given: RetryDraft, validate: Validate) -> StoryboardPlan:
    """Return the plan of a text with its pictures; all shots have the shape of the first.

    Raises:
        RulesViolated: naming every broken rule; what one shot alone breaks, with its number.
    """
    draft, frames = given.draft, given.frames
    board = parse_storyboard(draft.prompt, len(frames))
    base, plans = replace(draft, violations=()), list[ShotPlan]()
    faults = list[Sequence[Violation]]()
    for shot in board.shots:
        try:
            request = await validate(_shot_draft(base, shot, given))
        except RulesViolated as error:
            faults.append(error.violations)
            continue
        faults.append(())
        plans.append(ShotPlan(shot, request))
        if request.aspect_ratio is not AspectRatio.AUTO:
            base = replace(base, aspect_ratio=request.aspect_ratio)
    if broken := [*draft.violations, *board.violations, *_name_faults(faults)]:
        raise RulesViolated(broken)
    return StoryboardPlan(tuple(plans))


def _shot_draft(base: Draft, shot: Shot, given: RetryDraft) -> Draft:
    named = given.frames[shot.picture - 1 : shot.picture] if shot.picture else ()
    pictures = tuple(frame for frame in named if frame is not None)
    command = GenerationCommand.ANIMATE if pictures else GenerationCommand.VIDEO
    return replace(base, command=command, prompt=shot.prompt, pictures=pictures)


def _name_faults(faults: Sequence[Sequence[Violation]]) -> list[Violation]:
    """Return what all shots break, once, and what only some do, with their numbers."""
    if not faults:
        return []
    common = [one for one in faults[0] if all(one in others for others in faults)]
    single = [
        Violation.of(ViolationCode.SHOT_INVALID, _source(one), number=number, fault=one)
        for number, of_shot in enumerate(faults, 1)
        for one in of_shot
        if one not in common
    ]
    return [*common, *single]


def _source(violation: Violation) -> Source:
    return violation.source
