"""Brings a form back filled when a rule was broken, so that nobody types or attaches twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from discord import ui

from cogs.generation.modals import ModalKind, edit_modal, extend_modal, make_modal, takes_pictures
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import N_, _, ngettext
from cogs.ui.ttl_store import TTL_MINUTES, TTLStore
from domain.errors import RulesViolated
from domain.requests import Draft, GenerationCommand, Picture, build_request
from domain.violations import Source, Violation, ViolationCode

Frames = tuple[Picture | None, ...]
"""Pictures in their places, first and last; None for one that can not be used."""

DRAFT_EXPIRED: Final = N_(
    "What you typed is kept for {minutes} minutes at most, and it is gone. Use the command once "
    "more, or click *Edit prompt* under the video."
)

_NAME_SHOWN: Final = 24
_PLAIN: Final = "a plain prompt"
_COMMANDS: Final = {
    ModalKind.VIDEO: GenerationCommand.VIDEO,
    ModalKind.ANIMATE: GenerationCommand.ANIMATE,
    ModalKind.REFERENCE: GenerationCommand.REFERENCE,
    ModalKind.COMPOSE: GenerationCommand.VIDEO,
}


@dataclass(frozen=True, slots=True)
class RetryDraft:
    """A draft of a member's that broke a rule, and the form that mends it.

    `frames` are the pictures that were given for a form that takes such; `left_out` counts the
    references that can not be used; `job_id` is the job that a form changes or extends.
    """

    user_id: int
    kind: ModalKind
    draft: Draft
    frames: Frames = ()
    omitted_references: int = 0
    job_id: str = ""


class RetryModals:
    """Keeps drafts that broke a rule, and makes the forms that mend them."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._kept = TTLStore[RetryDraft](now_ms)

    def keep(self, interaction_id: int, retry: RetryDraft, refused: Draft) -> ActionButton:
        """Keep a draft as it was refused, and return the button that opens its form."""
        key = str(interaction_id)
        self._kept.put(key, _cleared(replace(retry, draft=refused)))
        return ActionButton(ButtonAction.REOPEN_FORM, key)

    def build_modal(self, key: str, user_id: int, opened_id: int) -> ui.Modal | None:
        """Make the form with a member's draft; None if it is not kept (any more)."""
        about = self._kept.get(key, user_id)
        if about is None:
            return None
        self._kept.put(key, about)  # filling in the form takes its time, too
        if about.kind is ModalKind.EDIT:
            return edit_modal(about.draft, about.job_id, opened_id)
        if about.kind is ModalKind.EXTEND:
            return extend_modal(about.draft, about.job_id, opened_id)
        custom_id = f"mend:{about.kind}:{key}:{opened_id}"
        return make_modal(about.kind, custom_id, about.draft, _files_note(about))

    def find(self, key: str, user_id: int, kind: ModalKind) -> RetryDraft:
        """Find what a form mends; if it is gone, an empty draft that says so."""
        about = self._kept.get(key, user_id)
        if about is not None and about.kind is kind:
            return about
        gone = Violation.of(
            ViolationCode.ATTACHMENTS_EXPIRED, Source.ATTACHMENT, minutes=TTL_MINUTES
        )
        return RetryDraft(
            user_id, kind, Draft(command=_COMMANDS[kind], prompt="", violations=(gone,))
        )


def merge_frames(before: Frames, given: Frames) -> Frames:
    """Put pictures given now where some are missing; if they are more, in the place of all."""
    if not given or len(given) > before.count(None):
        return given or before
    coming = iter(given)
    return tuple(frame or next(coming, None) for frame in before)


def with_frames(draft: Draft, frames: Frames, violations: Sequence[Violation]) -> Draft:
    """Give a draft its pictures and what is wrong with others; a last one alone breaks a rule."""
    pictures = tuple(frame for frame in frames if frame is not None)
    if pictures and frames[0] is None and not violations:
        violations = (Violation.of(ViolationCode.FIRST_PICTURE_MISSING, Source.ATTACHMENT),)
    return replace(draft, pictures=pictures, violations=(*draft.violations, *violations))


def _cleared(about: RetryDraft) -> RetryDraft:
    """Leave out what can not be used of what was given; what is wrong with it has been told."""
    draft = replace(about.draft, violations=())
    if about.kind is ModalKind.REFERENCE:
        fit = _fit_references(draft)
        left_out = about.omitted_references + _count(draft) - _count(fit)
        return replace(about, draft=fit, omitted_references=left_out)
    frames = tuple(frame if frame and _is_fit(frame) else None for frame in about.frames)
    return replace(about, draft=draft, frames=frames)


def _fit_references(draft: Draft) -> Draft:
    """Keep those references of a draft that break no rule together."""
    kept = Draft(command=GenerationCommand.REFERENCE, prompt=_PLAIN)
    for kind in ("pictures", "videos", "audios"):
        for file in getattr(draft, kind):
            grown = replace(kept, **{kind: (*getattr(kept, kind), file)})
            kept = grown if _breaks_none(grown) else kept
    return replace(draft, pictures=kept.pictures, videos=kept.videos, audios=kept.audios)


def _is_fit(picture: Picture) -> bool:
    return _breaks_none(
        Draft(command=GenerationCommand.ANIMATE, prompt=_PLAIN, pictures=(picture,))
    )


def _breaks_none(draft: Draft) -> bool:
    try:
        build_request(draft)
    except RulesViolated:
        return False
    return True


def _count(draft: Draft) -> int:
    return len(draft.pictures) + len(draft.videos) + len(draft.audios)


def _files_note(about: RetryDraft) -> str | None:
    """Say, where the form has room for it, what becomes of the files that were given before."""
    if takes_pictures(about.kind):
        return _frames_note(about.frames)
    if about.omitted_references:
        return ngettext(
            "One reference that can not be used is left out; the others stay, and move up.",
            "{count} references that can not be used are left out; the others stay, and move up.",
            about.omitted_references,
        )
    return _("Your references are kept.") if _count(about.draft) else None


def _frames_note(frames: Sequence[Picture | None]) -> str | None:
    names = [_shown(frame) for frame in frames if frame is not None]
    match frames, names:
        case (_, []):
            return _("Attach another one: what was given can not be used.") if frames else None
        case ([None, _], [name]):
            return _("{name} is kept as the last picture: attach the first one.", name=name)
        case ([_, None], [name]):
            return _("{name} is kept as the first picture: attach a last one, or none.", name=name)
        case (_, [name]):
            return _("{name} is kept. What you attach takes its place.", name=name)
        case _:
            first, last = names[:2]
            return _(
                "{first} and {last} are kept. What you attach takes their place.",
                first=first,
                last=last,
            )


def _shown(picture: Picture) -> str:
    """Write a picture's name where no markup is read: without what would escape it."""
    name = picture.name.replace("\\", "").replace("\u200b", "")
    return name if len(name) <= _NAME_SHOWN else f"{name[: _NAME_SHOWN - 1]}…"
