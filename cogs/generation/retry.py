"""Retry modals: refused requests come back filled in, attachments included."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from discord import ui

from cogs.generation.attachments import LoadedAttachments, RemoteFile
from cogs.generation.modals import (
    ModalKind,
    edit_modal,
    extend_modal,
    files_field,
    make_modal,
    takes_pictures,
)
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import N_, _, ngettext
from domain.errors import RulesViolated
from domain.requests import Draft, GenerationCommand, Picture, build_request
from domain.violations import Source, Violation, ViolationCode
from workflow.context import Context
from workflow.input_files import touch_inputs
from workflow.pending_interactions import KEPT_MINUTES, PendingStore

Frames = tuple[Picture | None, ...]
"""The first and the last picture; None for one that cannot be used."""

DRAFT_EXPIRED: Final = N_(
    "That form expired after {minutes} minutes. Run the command again, or click *Edit "
    "prompt* under the video."
)

_MAX_NAME_CHARS: Final = 24
_ANY_PROMPT: Final = "a plain prompt"
_COMMANDS: Final = {
    ModalKind.VIDEO: GenerationCommand.VIDEO,
    ModalKind.ANIMATE: GenerationCommand.ANIMATE,
    ModalKind.REFERENCE: GenerationCommand.REFERENCE,
    ModalKind.REFERENCE_FILES: GenerationCommand.REFERENCE,
    ModalKind.COMPOSE: GenerationCommand.VIDEO,
    ModalKind.STORYBOARD: GenerationCommand.VIDEO,
}


@dataclass(frozen=True, slots=True)
class RetryDraft:
    """A member's refused draft, and the kind of modal that corrects it.

    `frames` are the pictures of a modal that takes them; `omitted_references` counts the references
    that cannot be used; `job_id` is the job that a modal changes or extends; `files` are still to
    be fetched.
    """

    user_id: int
    kind: ModalKind
    draft: Draft
    frames: Frames = ()
    omitted_references: int = 0
    job_id: str = ""
    files: tuple[RemoteFile, ...] = ()


class RetryModals:
    """Keeps refused drafts, and builds the modals that correct them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept = PendingStore(context.database, context.now_ms, "refused draft", RetryDraft)

    async def keep(self, interaction_id: int, retry: RetryDraft, refused: Draft) -> ActionButton:
        """Keep a refused draft with its files, and return the button that opens its modal."""
        key, cleared = str(interaction_id), _cleared(replace(retry, draft=refused))
        await self._touch_inputs(cleared)
        await self._kept.put(key, cleared.user_id, cleared)
        label = _("Attach yours") if _needs_own_files(cleared) else None
        return ActionButton(ButtonAction.REOPEN_FORM, key, label)

    async def build_modal(self, key: str, user_id: int, opened_id: int) -> ui.Modal | None:
        """Return the modal of a member's draft; None if the draft is not kept, or no longer."""
        retry = await self._kept.get(key, user_id)
        if retry is None:
            return None
        if retry.kind is ModalKind.EDIT:
            return edit_modal(retry.draft, retry.job_id, opened_id)
        if retry.kind is ModalKind.EXTEND:
            return extend_modal(retry.draft, retry.job_id, opened_id)
        custom_id = f"mend:{retry.kind}:{key}:{opened_id}"
        return make_modal(retry.kind, custom_id, retry.draft, _files_note(retry))

    async def renew(self, key: str, user_id: int) -> None:
        """Keep a member's draft for as long again: filling in its modal takes time too."""
        retry = await self._kept.get(key, user_id)
        if retry is not None:
            await self._touch_inputs(retry)
            await self._kept.extend(key, user_id)

    async def find(self, key: str, user_id: int, kind: ModalKind) -> RetryDraft:
        """Return the draft that a modal corrects; an empty one with a violation if it is gone."""
        retry = await self._kept.get(key, user_id)
        if retry is not None and retry.kind is kind:
            return retry
        expired = Violation.of(
            ViolationCode.ATTACHMENTS_EXPIRED, Source.ATTACHMENT, minutes=KEPT_MINUTES
        )
        return RetryDraft(
            user_id, kind, Draft(command=_COMMANDS[kind], prompt="", violations=(expired,))
        )

    async def _touch_inputs(self, retry: RetryDraft) -> None:
        frames = tuple(frame for frame in retry.frames if frame is not None)
        pictures = frames or retry.draft.pictures
        await touch_inputs(self._context, replace(retry.draft, pictures=pictures))


def remix_retry(user_id: int, draft: Draft) -> RetryDraft:
    """Return the draft of a remix for which its member has to attach files."""
    is_animation = draft.command is GenerationCommand.ANIMATE
    kind = ModalKind.ANIMATE if is_animation else ModalKind.REFERENCE_FILES
    return RetryDraft(user_id, kind, draft)


def _needs_own_files(retry: RetryDraft) -> bool:
    """Return whether a remix lacks the files that its origin had."""
    is_remix = retry.draft.remix_of is not None and files_field(retry.kind) is not None
    return is_remix and not (_count(retry.draft) or any(retry.frames))


def merge_frames(before: Frames, given: Frames) -> Frames:
    """Fill missing pictures with given ones; if more are given than missing, replace all."""
    if not given or len(given) > before.count(None):
        return given or before
    remaining = iter(given)
    return tuple(frame or next(remaining, None) for frame in before)


def with_frames(draft: Draft, frames: Frames, loaded: LoadedAttachments) -> Draft:
    """Add pictures and what was found in loading them; a last picture alone is a violation."""
    pictures = tuple(frame for frame in frames if frame is not None)
    violations = loaded.violations
    if pictures and frames[0] is None and not violations:
        violations = (Violation.of(ViolationCode.FIRST_PICTURE_MISSING, Source.ATTACHMENT),)
    return replace(
        draft,
        pictures=pictures,
        violations=(*draft.violations, *violations),
        conversions=(*draft.conversions, *loaded.conversions),
    )


def _cleared(retry: RetryDraft) -> RetryDraft:
    """Drop what cannot be used, and the violations, which have been reported already."""
    draft = replace(retry.draft, violations=())
    if retry.kind in (ModalKind.REFERENCE, ModalKind.REFERENCE_FILES):
        usable = _usable_references(draft)
        omitted = retry.omitted_references + _count(draft) - _count(usable)
        return replace(retry, draft=usable, omitted_references=omitted)
    if retry.kind is ModalKind.STORYBOARD and None in retry.frames:
        # The text names them by their numbers, so that all are asked for again.
        return replace(retry, draft=draft, frames=(), omitted_references=len(retry.frames))
    frames = tuple(frame if frame and _is_usable(frame) else None for frame in retry.frames)
    return replace(retry, draft=draft, frames=frames)


def _usable_references(draft: Draft) -> Draft:
    """Keep the references of a draft that together break no rule."""
    kept = Draft(command=GenerationCommand.REFERENCE, prompt=_ANY_PROMPT)
    for kind in ("pictures", "videos", "audios"):
        for file in getattr(draft, kind):
            candidate = replace(kept, **{kind: (*getattr(kept, kind), file)})
            kept = candidate if _is_valid(candidate) else kept
    return replace(draft, pictures=kept.pictures, videos=kept.videos, audios=kept.audios)


def _is_usable(picture: Picture) -> bool:
    return _is_valid(
        Draft(command=GenerationCommand.ANIMATE, prompt=_ANY_PROMPT, pictures=(picture,))
    )


def _is_valid(draft: Draft) -> bool:
    try:
        build_request(draft)
    except RulesViolated:
        return False
    return True


def _count(draft: Draft) -> int:
    return len(draft.pictures) + len(draft.videos) + len(draft.audios)


def _files_note(retry: RetryDraft) -> str | None:
    """Describe, where the modal has room for it, what becomes of files given before."""
    if retry.kind is ModalKind.STORYBOARD:
        return _storyboard_note(retry)
    if _needs_own_files(retry):
        return _("Attach your own. Others' uploads stay theirs.")
    if takes_pictures(retry.kind):
        return _frames_note(retry.frames)
    if retry.omitted_references:
        return ngettext(
            "One reference didn't work and is left out. The others move up.",
            "{count} references didn't work and are left out. The others move up.",
            retry.omitted_references,
        )
    return _("Your references are kept.") if _count(retry.draft) else None


def _storyboard_note(retry: RetryDraft) -> str | None:
    if count := len(retry.frames) or len(retry.files):
        return ngettext(
            "Your picture is kept. Upload another to replace it.",
            "Your {count} pictures are kept. Upload others to replace them.",
            count,
        )
    return _("Upload all your pictures again.") if retry.omitted_references else None


def _frames_note(frames: Sequence[Picture | None]) -> str | None:
    names = [_display_name(frame) for frame in frames if frame is not None]
    match frames, names:
        case (_, []):
            return _("That picture didn't work. Attach another one.") if frames else None
        case ([None, _], [name]):
            return _("{name} is kept as the last frame. Attach the first one.", name=name)
        case ([_, None], [name]):
            return _(
                "{name} is kept as the first frame. Attach a last frame if you like.", name=name
            )
        case (_, [name]):
            return _("{name} is kept. Attach another one to replace it.", name=name)
        case _:
            first, last = names[:2]
            return _(
                "{first} and {last} are kept. Attach others to replace them.",
                first=first,
                last=last,
            )


def _display_name(picture: Picture) -> str:
    """Return a picture's name for a field without markup: without escapes, and cut."""
    name = picture.name.replace("\\", "").replace("\u200b", "")
    return name if len(name) <= _MAX_NAME_CHARS else f"{name[: _MAX_NAME_CHARS - 1]}…"
