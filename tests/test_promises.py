"""Every promise about what is seen, logged or kept has a test: a new one needs a line here."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any, Final

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != "messages.md"),
    *sorted((ROOT / "docs" / "templates").glob("*.md")),
]
"""What is written for people; docs/messages.md repeats the sentences of the service."""

PROMISING: Final = re.compile(
    r"not see\b|sees? (?:it|them|that)\b|only you\b|nobody else|you alone|no prompts|nor prompts"
    r"|not in logs|no secret|not kept|privately|(?:is|are) private\b|neither your name|not shown"
    r"|never (?:what|logged|shown)|stays? there|We delete|stays until|removes its message"
    r"|kept your files for \{minutes|expired after|don't (?:store|see)|not your name"
    r"|(?:only you|they) see|members whose videos|blotted out|deleted again",
    re.IGNORECASE,
)

_LEAKS, _WORDS = "e2e/test_secret_leaks.py::", "e2e/test_words_of_others.py::"
_LOGGED = f"{_WORDS}test_no_piece_of_a_prompt_or_a_files_name_is_logged"
_HIDDEN = f"{_LEAKS}test_a_run_in_which_all_goes_wrong_tells_no_secret"
_HELP, _PRICES = "cogs/help/test_help.py::", "cogs/help/test_prices.py::"
_JOBS, _LIST = "cogs/jobs/test_cog.py::", "cogs/jobs/test_list_cog.py::"
_PRIVATE, _REPORTS = "cogs/test_private_videos.py::", "cogs/reports/test_cog.py::"
_ERASED = "workflow/members/test_erasure.py::"
_SWEPT = "workflow/results/test_retention.py::"

PROMISES: Final[dict[str, str]] = {
    # what the service says itself
    "Only you see it;": f"{_PRIVATE}test_a_private_video_comes_by_direct_messages",
    "Only you can decide.": (
        "cogs/storyboards/test_cog.py::test_a_failed_shot_is_skipped_or_tried_again"
    ),
    "With one private video in it, the film is private": (
        "workflow/films/test_orders.py::test_a_film_with_a_private_part_is_private"
    ),
    "One of them is private, so your film will be private too.": (
        "workflow/films/test_orders.py::test_a_film_with_a_private_part_is_private"
    ),
    "That form expired after {minutes} minutes.": (
        "cogs/generation/test_modals.py::test_what_was_typed_is_gone_after_a_while"
    ),
    "I only kept your files for {minutes} minutes.": (
        "cogs/generation/test_retry.py::"
        "test_a_form_that_was_open_too_long_loses_the_files_but_not_the_words"
    ),
    "We delete your uploads {inputs} days after you last use them, unless a server's managers": (
        f"{_SWEPT}test_an_input_goes_when_its_days_are_over"
    ),
    "we delete them {results} days after delivery, unless a server's managers": (
        f"{_SWEPT}test_a_video_goes_when_its_days_are_over"
    ),
    "We delete your uploads {inputs} days after you last use them on this server;": (
        f"{_SWEPT}test_an_input_goes_when_its_days_are_over"
    ),
    "we delete them {results} days after delivery.": (
        f"{_SWEPT}test_a_video_goes_when_its_days_are_over"
    ),
    "What's posted on Discord stays there.": f"{_SWEPT}test_a_video_goes_when_its_days_are_over",
    "Everything else stays until you have it deleted.": (
        f"{_SWEPT}test_a_sweep_of_nothing_does_nothing"
    ),
    "We don't store names:": f"{_HELP}test_no_members_name_is_kept",
    "Our log has IDs, but no prompts.": _LOGGED,
    "but not your name or ID.": f"{_HELP}test_what_privacy_says_is_so",
    "Only you see a private video, prices and limits.": (
        f"{_PRIVATE}test_a_stranger_finds_nothing"
    ),
    "*Delete* under a finished video removes its message and its file right away.": (
        f"{_HELP}test_what_privacy_says_is_so"
    ),
    "members whose videos wait see it": (
        "cogs/operator/test_cog.py::test_pause_and_resume_over_a_restart"
    ),
    "members don't see it": f"{_REPORTS}test_the_note_of_a_grant_is_for_managers_alone",
    "only you see it, and I'll DM it to you.": (
        f"{_PRIVATE}test_a_private_video_comes_by_direct_messages"
    ),
    "hether members can make videos only they see": (
        f"{_PRIVATE}test_a_server_that_does_not_allow_it_refuses_it"
    ),
    # the pages
    "deleted again": f"{_ERASED}test_a_restored_database_is_erased_again",
    "Names of members are not kept.": f"{_HELP}test_no_members_name_is_kept",
    "The service's log has ids, but no prompts.": _LOGGED,
    "but neither your name nor your id.": f"{_HELP}test_what_privacy_says_is_so",
    "A private request is for you alone.": f"{_PRIVATE}test_a_stranger_finds_nothing",
    "What breaks a rule is refused privately": (
        "e2e/test_refusals.py::test_every_broken_rule_is_named_privately_and_nothing_is_left"
    ),
    "tells privately what a video would cost": (
        f"{_PRICES}test_one_price_is_exact_and_says_how_it_comes_about"
    ),
    "lists your own videos on this server privately": (
        f"{_LIST}test_a_page_of_another_member_shows_ones_own"
    ),
    "shows privately what you have spent on this server": (
        f"{_REPORTS}test_a_member_sees_a_picture_and_the_numbers"
    ),
    "tells privately what each command does": (
        f"{_HELP}test_members_are_told_of_what_they_may_use"
    ),
    "tells privately what we store about you": f"{_HELP}test_privacy_is_told_with_whom_to_ask",
    "The answer is private:": (
        "cogs/quotas/test_cog.py::test_the_private_answer_tells_what_is_left_in_each_period"
    ),
    "nobody else sees them.": (
        "cogs/generation/test_autocomplete.py::test_own_prompts_are_suggested_newest_first_and_once"
    ),
    "and only you can use its buttons.": f"{_PRIVATE}test_a_stranger_finds_nothing",
    "Reports count what it cost, never what it showed.": (
        f"{_PRIVATE}test_reports_count_its_money_and_keep_its_prompt"
    ),
    "and the video follows it, where only you see it;": (
        f"{_PRIVATE}test_closed_direct_messages_leave_the_private_answer"
    ),
    "asks privately, with the price, whether to make it": (
        f"{_JOBS}test_make_final_asks_with_the_price_on_the_button"
    ),
    "shows the whole prompt, times, the exact cost and the job's id privately;": (
        f"{_JOBS}test_details_tell_the_cost_to_the_member_and_to_managers_alone"
    ),
    "asks privately whether to delete the video": (
        f"{_JOBS}test_delete_asks_and_then_takes_message_and_file_away"
    ),
    "All answers are private, and the permission is looked at again": (
        "cogs/quotas/test_cog.py::test_only_managers_change_anything"
    ),
    "`/settings` opens a panel that only you see.": (
        "cogs/settings/test_cog.py::test_the_first_page_tells_what_is_set_and_what_is_as_it_comes"
    ),
    "All answers are private.": (
        "cogs/operator/test_cog.py::test_an_administrator_is_not_the_operator"
    ),
    "but never what is in use or not yet in the bucket.": (
        "storage/test_s3_media.py::test_the_cache_keeps_its_size_and_what_is_in_use "
        "storage/test_s3_media.py::test_what_only_the_disk_has_is_not_evicted"
    ),
    "they hold neither secrets nor prompts.": f"{_LOGGED} {_HIDDEN}",
    "Secrets are blotted out of every line": "bot/test_logs.py::test_no_secret_reaches_a_line",
    "Not in logs or errors;": f"{_LOGGED} bot/test_log_sanitizer.py::"
    "test_no_error_of_ours_has_words_of_others_in_its_text",
    "and no secret is shown.": "bot/test_settings.py::test_no_secret_is_shown",
    "a fork of a template that has no secret": (
        "workflow/media_probe/test_probe.py::test_the_process_knows_none_of_our_secrets"
    ),
}
"""Each promise, and the tests that fail where it is not kept."""

NO_PROMISES: Final = (
    "Nobody else is to invite it, as a rule.",
    "from which goes what was used longest ago, but never what is in use",
    "I can't see that picture anymore.",
    "I can't see that message's files anymore.",
    "See it here:",
    "See it",
    "410 run out or not kept any more",
    "or books what nobody else pays.",
    "The drawer at the right shows what members do not see:",
    "`high-water mark not kept`",
)
"""Sentences with the words of a promise that promise nothing."""


@cache
def _found() -> tuple[str, ...]:
    """Find the promises: in what the service says, and on the pages."""
    said = (form[0] if isinstance(form, tuple) else form for form in _catalogue().sentences())
    texts = [*said, *(_unwrapped(page.read_text(encoding="utf-8")) for page in PAGES)]
    return tuple(dict.fromkeys(part for text in texts for part in _promises_in(text)))


def test_every_promise_has_its_tests() -> None:
    """A promise without a line here is one that nobody holds the service to."""
    known = (*PROMISES, *NO_PROMISES)
    assert [said for said in _found() if not any(each in said for each in known)] == []


@pytest.mark.parametrize("promise", [*PROMISES, *NO_PROMISES])
def test_no_line_is_left_of_a_promise_that_is_gone(promise: str) -> None:
    """Nor of one that was worded again."""
    assert any(promise in said for said in _found())


@pytest.mark.parametrize("promise", PROMISES)
def test_the_tests_of_a_promise_exist(promise: str) -> None:
    """Who renames one has to rename it there."""
    for named in PROMISES[promise].split():
        path, _, name = named.partition("::")
        assert name in _tests_of(ROOT / "tests" / path), named


def test_a_new_promise_would_be_noticed() -> None:
    """The look itself finds one in each way of saying it."""
    for said in (
        "Your name is not shown.",
        "Members do not see that.",
        "It is for you alone.",
        "Your prompt is never logged.",
        "Only you see it.",
        "Your voice is not kept.",
    ):
        assert [*_promises_in(f"A sentence. {said} Another.")] == [said]


def _promises_in(text: str) -> Iterator[str]:
    for part in re.split(r"(?<=[.;:!?])\s+|\n|\s\|\s", text):
        if PROMISING.search(part):
            yield " ".join(part.split())


def _unwrapped(page: str) -> str:
    """Join the lines of a paragraph."""
    return re.sub(r"(?<!\|)\n(?![\n|#>\-*\d])", " ", page)


@cache
def _tests_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = (node.name for node in ast.walk(tree) if isinstance(node, functions))
    return frozenset(name for name in names if name.startswith("test_"))


def _catalogue() -> Any:
    loader = SourceFileLoader("catalogue", str(ROOT / "scripts" / "catalogue"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None, "a loader is enough"
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module
