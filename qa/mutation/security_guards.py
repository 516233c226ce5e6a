"""The guards against attackers: forged addresses, hostile files, texts and clicks."""

from qa.mutation.guard import Guard

_CALLBACK = "tests/bot/web/test_callbacks.py::"
_CLICKS = "tests/cogs/jobs/test_cog.py::"
_ATTACHMENTS = "tests/cogs/generation/test_attachments.py::"
_ADMISSION = "tests/cogs/servers/test_admission.py::"
_OPERATOR = "tests/cogs/operator/test_cog.py::"
_PUBLISHER = "tests/cogs/publishing/test_publisher.py::"
_QUOTAS = "tests/cogs/quotas/test_cog.py::"
_RESULTS = "tests/apixo/test_downloads.py::"
_SPENDING = "tests/cogs/reports/test_cog.py::"

SECURITY_GUARDS = (
    Guard(
        "the mark of callbacks and links",
        "workflow/urls/signing.py",
        "is_ours = hmac.compare_digest(given, self.sign(text).encode())",
        'is_ours = bool(signature) and text.count(".") == 2',
        (
            f"{_CALLBACK}test_no_mutant_of_a_token_is_taken",
            "tests/bot/web/test_media.py::test_what_was_not_signed_leads_nowhere",
        ),
    ),
    Guard(
        "each purpose has a key of its own",
        "workflow/urls/signing.py",
        "hmac.digest(secret, purpose.encode(), hashlib.sha256)",
        'hmac.digest(secret, b"", hashlib.sha256)',
        (f"{_CALLBACK}test_what_is_forged_changes_nothing",),
    ),
    Guard(
        "an end of each link",
        "bot/web/media.py",
        "if left_s < 0:",
        "if False:",
        ("tests/bot/web/test_media.py::test_a_link_runs_out",),
    ),
    Guard(
        "size of a callback",
        "bot/web/server.py",
        "client_max_size=MAX_BODY_BYTES",
        "client_max_size=0",
        (f"{_CALLBACK}test_what_is_too_long_is_not_read",),
    ),
    Guard(
        "too many forged callbacks",
        "bot/web/callbacks.py",
        "return self._count > _FORGED_PER_MINUTE",
        "return False",
        (f"{_CALLBACK}test_too_many_wrong_addresses_are_told_off",),
    ),
    Guard(
        "hosts of results",
        "apixo/downloads.py",
        'allowed = any(host == name or host.endswith(f".{name}") for name in self._hosts)',
        "allowed = True",
        (f"{_RESULTS}test_an_address_is_judged_by_its_spelling",),
    ),
    Guard(
        "where a result's name leads",
        "apixo/downloads.py",
        "if not self._is_allowed(ipaddress.ip_address(str(address[0]))):",
        "if False:",
        (f"{_RESULTS}test_an_allowed_name_may_not_lead_inside",),
    ),
    Guard(
        "networks that Python takes for public",
        "apixo/downloads.py",
        "return not any(address in network for network in _NOT_PUBLIC_EITHER)",
        "return True",
        (f"{_RESULTS}test_only_the_open_internet_is_public",),
    ),
    Guard(
        "redirects of results",
        "apixo/downloads.py",
        "return await session.get(url, allow_redirects=False)",
        "return await session.get(url, allow_redirects=True)",
        (f"{_RESULTS}test_a_redirect_is_judged_like_any_address",),
    ),
    Guard(
        "redirects of APIXO",
        "apixo/client.py",
        "method, url, data=body, headers=headers, allow_redirects=False",
        "method, url, data=body, headers=headers, allow_redirects=True",
        ("tests/apixo/test_client.py::test_a_key_follows_no_redirect",),
    ),
    Guard(
        "size of a result",
        "apixo/downloads.py",
        "        if size > max_bytes:\n",
        "        if False:\n",
        (f"{_RESULTS}test_no_more_than_the_cap_is_handed_on",),
    ),
    Guard(
        "size of a kept video",
        "storage/partial_files.py",
        "if part.size + len(block) > max_bytes:",
        "if False:",
        ("tests/storage/test_media.py::test_a_video_above_its_cap_is_not_kept",),
    ),
    Guard(
        "names of kept videos",
        "storage/media.py",
        "if _NAME.fullmatch(name) is None:",
        "if False:",
        ("tests/storage/test_media.py::test_only_names_of_ours_are_taken",),
    ),
    Guard(
        "names of kept inputs",
        "storage/media.py",
        "if _INPUT.fullmatch(name) is None:",
        "if False:",
        ("tests/storage/test_media.py::test_only_names_of_inputs_are_taken",),
    ),
    Guard(
        "hosts of attachments",
        "cogs/generation/attachments.py",
        "if not self._is_trusted(attachment.url):",
        "if False:",
        (f"{_ATTACHMENTS}test_only_discords_own_hosts_are_asked",),
    ),
    Guard(
        "redirects of attachments",
        "cogs/generation/attachments.py",
        "                allow_redirects=False,\n",
        "                allow_redirects=True,\n",
        (f"{_ATTACHMENTS}test_a_redirect_is_not_followed",),
    ),
    Guard(
        "size of an attachment as it comes",
        "cogs/generation/attachments.py",
        "        if data.tell() > max_bytes:\n",
        "        if False:\n",
        (f"{_ATTACHMENTS}test_more_than_was_announced_is_cut_off",),
    ),
    Guard(
        "pixels of a picture",
        "workflow/media_probe/images.py",
        "if width * height > _MAX_PIXELS:",
        "if False:",
        (f"{_ATTACHMENTS}test_a_picture_of_too_many_pixels_is_refused_without_being_decoded",),
    ),
    Guard(
        "limits of confined processes",
        "workflow/confined_child.py",
        "    confine(ResourceLimits(**json.loads(limits)))\n",
        "",
        (
            "tests/workflow/media_probe/test_probe.py::test_memory_time_and_disk_are_limited",
            (
                "tests/workflow/video_tools/test_tools.py"
                "::test_a_video_that_asks_too_much_ends_its_process"
            ),
        ),
    ),
    Guard(
        "no secret in confined processes",
        "workflow/confined_process.py",
        "        env={},\n",
        "",
        ("tests/workflow/media_probe/test_probe.py::test_the_process_knows_none_of_our_secrets",),
    ),
    Guard(
        "size of a manager's pattern",
        "domain/safe_regex.py",
        "if expression.programsize > max_program_size:",
        "if False:",
        ("tests/domain/test_word_filter.py::test_a_pattern_that_is_too_large_is_refused",),
    ),
    Guard(
        "is_manager: limits and grants",
        "cogs/quotas/cog.py",
        "    if not is_manager(interaction):\n        raise UserError",
        "    if False:\n        raise UserError",
        (f"{_QUOTAS}test_only_managers_change_anything",),
    ),
    Guard(
        "is_manager: reports",
        "cogs/reports/cog.py",
        "if not is_manager(interaction):",
        "if False:",
        (f"{_SPENDING}test_a_manager_no_more_sees_no_more",),
    ),
    Guard(
        "is_manager: settings",
        "cogs/settings/cog.py",
        "if not is_manager(interaction):",
        "if False:",
        (
            (
                "tests/cogs/settings/test_cog.py::"
                "test_who_lost_the_permission_changes_nothing_any_more"
            ),
        ),
    ),
    Guard(
        "is_owner: the operator's commands and buttons",
        "cogs/operator/owners.py",
        'if not await bot.is_owner(cast("discord.User", interaction.user)):',
        "if False:",
        (
            f"{_OPERATOR}test_an_administrator_is_not_the_operator",
            f"{_OPERATOR}test_strangers_get_nowhere_with_the_buttons_and_the_form",
            f"{_ADMISSION}test_nobody_but_the_operator_decides",
        ),
    ),
    Guard(
        "a stranger's server is refused before its files are fetched",
        "cogs/servers/gate.py",
        "if (code := _REFUSALS.get(admission)) is not None:",
        "if (code := None) is not None:",
        (f"{_ADMISSION}test_a_strangers_server_spends_nothing_until_the_operator_admits_it",),
    ),
    Guard(
        "nothing is held on a server that is not admitted",
        "workflow/stages/accept.py",
        "if not await is_allowed(tx, context, order.guild_id):",
        "if False:",
        (
            "tests/workflow/servers/test_admission.py::test_nothing_is_held_until_the_operator_admits_a_server",
        ),
    ),
    Guard(
        "an earlier owner's admission ends when the bot joins again",
        "domain/servers.py",
        "if is_new and server.admitted_by == BY_OWNER and not owner_operates:",
        "if False:",
        (
            "tests/domain/test_servers.py::test_when_the_bot_joins_again_only_the_operators_word_still_counts",
        ),
    ),
    Guard(
        "owner of a video: its buttons",
        "cogs/jobs/cog.py",
        "        if job.user_id != interaction.user.id:\n",
        "        if False:\n",
        (f"{_CLICKS}test_a_stranger_gets_one_private_sentence",),
    ),
    Guard(
        "owner of a video: deleting it",
        "cogs/ui/interactions.py",
        "if not (manages or owner_id == interaction.user.id):",
        "if False:",
        (f"{_CLICKS}test_a_stranger_gets_one_private_sentence",),
    ),
    Guard(
        "owner of a video: a private one",
        "cogs/jobs/cog.py",
        "if is_visible_to_member_only and job.user_id != interaction.user.id:",
        "if False:",
        ("tests/cogs/test_private_videos.py::test_a_stranger_finds_nothing",),
    ),
    Guard(
        "owner of a video: cancelling it",
        "workflow/stages/accept.py",
        "if found is None or found.user_id != user_id:",
        "if found is None:",
        (
            (
                "tests/workflow/stages/test_accept.py::"
                "test_nobody_cancels_anothers_job_nor_one_that_left_the_queue"
            ),
        ),
    ),
    Guard(
        "owner of a video: posting it again",
        "workflow/results/repost.py",
        "if job is None or (job.guild_id, job.user_id) != (guild_id, user_id):",
        "if job is None:",
        ("tests/workflow/results/test_job_list.py::test_only_ones_own_videos_can_be_posted_again",),
    ),
    Guard(
        "owner of a draft",
        "storage/pending_interactions.py",
        "pending.c.user_id == user_id,",
        "pending.c.user_id == pending.c.user_id,",
        ("tests/cogs/generation/test_retry.py::test_somebody_elses_draft_is_not_to_be_had",),
    ),
    Guard(
        "a server's jobs are its own",
        "cogs/jobs/cog.py",
        "if job is None or interaction.guild_id not in (job.guild_id, None):",
        "if job is None:",
        (f"{_CLICKS}test_a_button_about_nothing_here_says_so",),
    ),
    Guard(
        "an interaction is one process's",
        "cogs/ui/acknowledgements.py",
        "if is_in_doubt and not await self._shared.claim(interaction_id):",
        "if False:",
        (
            (
                "tests/cogs/ui/test_acknowledgements.py::"
                "test_nothing_is_done_with_what_another_process_has_claimed"
            ),
        ),
    ),
    Guard(
        "a follow-up is sent once",
        "cogs/publishing/publisher.py",
        "if not await self._ephemeral_replies.use(job):",
        "if not await self._ephemeral_replies.use(job) and False:",
        (
            (
                "tests/cogs/test_private_videos.py::"
                "test_what_another_process_may_have_sent_is_not_sent_again"
            ),
        ),
    ),
    Guard(
        "AllowedMentions: a status message pings nobody",
        "cogs/publishing/video_messages.py",
        "NO_MENTIONS: Final = discord.AllowedMentions.none()",
        "NO_MENTIONS: Final = discord.AllowedMentions.all()",
        (f"{_PUBLISHER}test_an_edit_shows_the_new_state_and_mentions_nobody",),
    ),
    Guard(
        "AllowedMentions: a result pings its member alone",
        "cogs/publishing/video_messages.py",
        "everyone=False, roles=False, replied_user=False, users=[discord.Object(user_id)]",
        "everyone=True, roles=True, replied_user=True, users=True",
        ("tests/cogs/publishing/test_allowed_mentions.py::test_whoever_is_pinged_is_pinged_alone",),
    ),
    Guard(
        "strangers' texts are no markup",
        "cogs/ui/text.py",
        'return discord.utils.escape_mentions(_MARKUP.sub(r"\\\\\\g<0>", cut))',
        "return discord.utils.escape_mentions(cut)",
        ("tests/cogs/ui/test_text.py::test_no_text_comes_through_as_markup",),
    ),
    Guard(
        "no secret in a log",
        "bot/logs.py",
        'line = line.replace(secret, "[secret]")',
        "pass",
        ("tests/bot/test_logs.py::test_no_secret_reaches_a_line",),
    ),
    Guard(
        "no signed address in a log",
        "bot/logs.py",
        'return _SIGNED_PATH.sub(r"\\1[secret]", line)',
        "return line",
        ("tests/bot/test_logs.py::test_no_secret_reaches_a_line",),
    ),
    Guard(
        "no key in an error",
        "apixo/client.py",
        'body=bytes(body).replace(key, b"[key]")',
        "body=bytes(body)",
        ("tests/apixo/test_secrets.py::test_no_error_or_log_tells_the_key_or_the_prompt",),
    ),
    Guard(
        "no prompt in an error",
        "apixo/responses.py",
        "if text and len(request.prompt) >= _MIN_HIDDEN_CHARS:",
        "if False:",
        ("tests/apixo/test_secrets.py::test_no_submission_error_tells_the_prompt",),
    ),
)
