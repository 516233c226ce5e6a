"""The guards of the pipeline: nothing lost, nothing sent twice, nothing posted twice."""

from qa.mutation.guard import Guard

_CLAIMS = "tests/storage/test_queue.py::"
_STORE = "tests/workflow/stages/test_store.py::"
_SUBMIT = "tests/workflow/stages/test_submit.py::"
_PUBLISHER = "tests/cogs/publishing/test_publisher.py::"
_CARRIERS = "tests/cogs/publishing/test_carriers.py::TestService::"
_AGAIN = f"{_CARRIERS}test_again_hands_over_more_than_a_message_takes"
_REFUSALS = "tests/cogs/publishing/test_refusals.py::"
_DELIVER = "tests/workflow/stages/test_deliver.py::"
_RELEASE = "tests/workflow/servers/test_release.py::"
_RESTORE = "tests/workflow/test_restore.py::"
_CALLBACK = "tests/bot/web/test_callbacks.py::"
_OLD_VIEW = "tests/storage/test_jobs.py::test_who_holds_an_old_view_of_a_job_cannot_change_it"
_FILMS = "tests/workflow/films/test_orders.py::"
_ONCE = f"{_PUBLISHER}test_every_post_is_made_once_however_often_it_is_sent"

PIPELINE_GUARDS = (
    Guard(
        "a film that may be posted is searched for",
        "workflow/films/posting.py",
        "found = await _find(context, publisher, film) if may_be_posted else None",
        "found = None",
        (f"{_FILMS}test_a_restored_copy_searches_before_it_posts",),
    ),
    Guard(
        "a film is not brought where its videos are not allowed",
        "workflow/films/orders.py",
        "if broken := film_violations(server_settings, order.origin, prompt):",
        "if broken := ():",
        (f"{_FILMS}test_a_server_s_rules_hold_for_films",),
    ),
    Guard(
        "a result that does not play is not stored",
        "workflow/stages/store.py",
        "        await asyncio.to_thread(context.media.remove_video, stored.name)\n        raise",
        "        return stored",
        (f"{_STORE}test_a_video_that_can_not_be_had_is_lost_and_paid_back[half]",),
    ),
    Guard(
        "a reader that cannot run is no fault of the file",
        "workflow/stages/store.py",
        "_TRANSIENT_TRIES, _quarantine)",
        "_DEAD_TRIES, _lost)",
        (f"{_STORE}test_a_video_that_nobody_could_look_at_for_a_day_waits_for_the_operator",),
    ),
    Guard(
        "nothing is bought that could not be posted",
        "workflow/stages/submit.py",
        "if (obstacle := await _find_obstacle(context, job)) is not None:",
        "if (obstacle := None) is not None:",
        (f"{_RELEASE}test_a_job_is_looked_at_again_before_it_is_bought",),
    ),
    Guard(
        "membership at the order",
        "cogs/servers/gate.py",
        "if not await self._is_member(guild_id):",
        "if False:",
        ("tests/cogs/servers/test_cog.py::test_invited_for_its_commands_alone_it_buys_nothing",),
    ),
    Guard(
        "direct messages take turns",
        "workflow/reliability.py",
        "if next_ms > context.now_ms():",
        "if False:",
        (
            "tests/workflow/servers/test_notices.py::test_each_member_gets_one_message_and_they_take_turns",
            f"{_RELEASE}test_what_is_at_apixo_goes_to_its_member",
        ),
    ),
    Guard(
        "fence",
        "storage/jobs.py",
        '    jobs.c.fence == bindparam("seen_fence"),\n',
        "",
        (f"{_OLD_VIEW}[sqlite-fence]", f"{_OLD_VIEW}[postgresql-fence]"),
    ),
    Guard(
        "state of a move",
        "storage/jobs.py",
        '    jobs.c.state == bindparam("seen_state"),\n',
        "",
        (f"{_OLD_VIEW}[sqlite-state]", f"{_OLD_VIEW}[postgresql-state]"),
    ),
    Guard(
        "only the moves that there are",
        "storage/jobs.py",
        "if not can_transition(job.state, target):",
        "if False:",
        ("tests/storage/test_jobs.py::test_every_unknown_transition_is_refused",),
    ),
    Guard(
        "lease",
        "storage/leases.py",
        'jobs.c.due_at_ms <= bindparam("now_ms"), _NO_VALID_LEASE)',
        'jobs.c.due_at_ms <= bindparam("now_ms"))',
        (f"{_CLAIMS}test_many_owners_take_each_due_job_once",),
    ),
    Guard(
        "lease of a submission",
        "storage/leases.py",
        "in_states([JobState.SUBMITTING]), _NO_VALID_LEASE)",
        "in_states([JobState.SUBMITTING]))",
        (f"{_CLAIMS}test_lost_submissions_are_those_that_nobody_holds",),
    ),
    Guard(
        "places at APIXO",
        "storage/queue.py",
        "free = max_in_flight - (await",
        "free = max_in_flight + 0 * (await",
        (f"{_CLAIMS}test_places_at_apixo_are_never_overfilled",),
    ),
    Guard(
        "the submission lock",
        "storage/submission_pause.py",
        "_SELECT_PAUSE.with_for_update()",
        "_SELECT_PAUSE",
        (f"{_CLAIMS}test_claims_wait_for_each_other[postgresql]",),
    ),
    Guard(
        "one writer of a SQLite file",
        "storage/engines.py",
        "            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "            pass",
        ("tests/storage/test_database.py::test_a_second_writer_of_one_file_is_refused_by_name",),
    ),
    Guard(
        "unique: a task's job",
        "storage/migrations/versions/0001_first_tables.py",
        'op.create_index("uq_jobs_task", "jobs", ["model", "task_id"], unique=True)',
        'op.create_index("uq_jobs_task", "jobs", ["model", "task_id"])',
        ("tests/storage/test_jobs.py::test_two_jobs_cannot_have_one_task",),
    ),
    Guard(
        "no second submission after a lost answer",
        "workflow/stages/submit.py",
        "        await _lost_answer(context, job, error)\n",
        "        await _requeue_unsent(context, job)\n",
        (f"{_SUBMIT}test_after_a_lost_answer_nothing_is_sent_a_second_time[effect:504]",),
    ),
    Guard(
        "no second submission after a crash",
        "workflow/stages/recover.py",
        'await park_unknown(context, job, "the service stopped while the request was being sent")',
        "await context.database.transact(\n"
        "                lambda tx: jobs.transition("
        "tx, job, JobState.QUEUED, now_ms=context.now_ms())\n"
        "            )",
        (
            "tests/workflow/test_crash_recovery.py::test_a_process_killed_at_any_transaction_leaves_no_harm",
        ),
    ),
    Guard(
        "no way back into the queue from an unknown submission",
        "domain/jobs.py",
        "S.SUBMIT_UNKNOWN: frozenset({S.GENERATING, S.FAILED})",
        "S.SUBMIT_UNKNOWN: frozenset({S.GENERATING, S.FAILED, S.QUEUED})",
        ("tests/domain/test_jobs.py::test_an_unknown_submission_never_goes_back_to_the_queue",),
    ),
    Guard(
        "what came of a submission outlasts an outage of the database",
        "workflow/reliability.py",
        "_WRITE_AGAIN_S[-1] if isinstance(error, Outage) else None",
        "None",
        (
            (
                "tests/workflow/test_database_outages.py::"
                "test_what_must_not_be_lost_is_written_after_however_long_an_outage"
            ),
        ),
    ),
    Guard(
        "the task's id is written through a fault of the database",
        "workflow/stages/submit.py",
        "    context.throttle.speed_up()\n    await commit_with_retry(context, record_task_id)",
        "    context.throttle.speed_up()\n    await context.database.transact(record_task_id)",
        (
            (
                "tests/workflow/test_crash_recovery.py::"
                "test_a_task_id_is_written_even_through_a_fault_of_the_database"
            ),
        ),
    ),
    Guard(
        "a refusal that names a task is none",
        "apixo/responses.py",
        "if refusal.task_id not in (None, request.task_id):",
        "if False:",
        ("tests/apixo/test_responses.py::test_a_refusal_that_names_a_task_is_none",),
    ),
    Guard(
        "the worse of HTTP status and code counts",
        "apixo/responses.py",
        "    for family in (500, 400):",
        "    for family in (400,):",
        ("tests/apixo/test_responses.py::test_the_worse_of_status_and_code_counts",),
    ),
    Guard(
        "a submission has its own connection",
        "apixo/client.py",
        "aiohttp.TCPConnector(force_close=True)",
        "aiohttp.TCPConnector()",
        ("tests/apixo/test_client.py::test_a_submission_never_rides_on_an_idle_connection",),
    ),
    Guard(
        "nonce of a status message",
        "cogs/publishing/publisher.py",
        'view, nonce = views.render_status(status, without_prompt=without_prompt), f"s{job.id}"',
        "view, nonce = views.render_status(status, without_prompt=without_prompt), None",
        (_ONCE,),
    ),
    Guard(
        "nonce of a failure's message",
        "cogs/publishing/publisher.py",
        '            nonce=f"f{job.id}",\n',
        "",
        (_ONCE,),
    ),
    Guard(
        "nonce of a result",
        "cogs/publishing/video_messages.py",
        "            nonce=message.nonce,\n",
        "",
        (_ONCE,),
    ),
    Guard(
        "only Discord's own codes are final",
        "cogs/publishing/refusals.py",
        'return TemporaryPublishError(f"Discord answered {error.status}")',
        'return ChannelUnavailable(f"Discord answered {error.status}")',
        (
            f"{_REFUSALS}test_what_is_not_discords_is_tried_later",
            f"{_REFUSALS}TestService::test_a_page_in_the_place_of_an_answer_does_not_park_a_video",
        ),
    ),
    Guard(
        "an archived thread is unarchived",
        "cogs/publishing/threads.py",
        "await call_discord(thread.edit(archived=False))",
        "pass",
        (f"{_REFUSALS}test_an_archived_thread_stops_nothing",),
    ),
    Guard(
        "a failure is told without a reference where the history is hidden",
        "cogs/publishing/publisher.py",
        "return await self._post_failure(channel, job, view, replies_to=None)",
        "raise",
        (f"{_REFUSALS}test_without_the_history_a_failure_is_told_all_the_same",),
    ),
    Guard(
        "a message has ten files at most",
        "workflow/urls/carriers.py",
        "len(parts[-1]) == _MAX_FILES or ",
        "",
        (f"{_AGAIN}[fifteen_files-counts0]",),
    ),
    Guard(
        "a database that is behind the media store is recognized",
        "workflow/restore.py",
        "if await high_water.lock(tx) >= kept:",
        "if True:",
        (f"{_RESTORE}test_a_queue_put_back_waits_for_the_operator_outside_of_the_exposure",),
    ),
    Guard(
        "what a restore parked is no exposure",
        "storage/exposure.py",
        "jobs.c.restored_at_ms.is_(None),",
        "",
        (f"{_RESTORE}test_a_queue_put_back_waits_for_the_operator_outside_of_the_exposure",),
    ),
    Guard(
        "the media store records a submission before it is sent",
        "workflow/stages/submit.py",
        "await context.high_water.keep(context.database, context.media)",
        "pass",
        (f"{_RESTORE}test_a_media_folder_that_is_out_of_order_stops_submissions_and_not_posts",),
    ),
    Guard(
        "a restored result is looked for before it is posted",
        "workflow/stages/deliver.py",
        "job.state is JobState.POSTING or job.restored_at_ms is not None",
        "job.state is JobState.POSTING",
        (f"{_RESTORE}test_a_task_bound_to_a_restored_job_finds_the_post_that_stands",),
    ),
    Guard(
        "the history is looked at before a repeat",
        "workflow/stages/deliver.py",
        "placed = found or await post_result(context, job)",
        "placed = await post_result(context, job)",
        (f"{_DELIVER}test_a_post_whose_answer_was_lost_is_found_and_not_repeated[True]",),
    ),
    Guard(
        "the direct messages are looked at before a repeat",
        "workflow/results/posted.py",
        "found = await context.publisher.find_result_dm(job, since_ms)",
        "found = None",
        (f"{_DELIVER}test_a_private_result_whose_answer_was_lost_is_not_sent_again",),
    ),
    Guard(
        "a history that may not be read stops a late repeat",
        "workflow/results/posted.py",
        "if not is_restored and context.now_ms() - since_ms < _NONCE_WINDOW_MS:",
        "if True:",
        (f"{_DELIVER}test_an_unreadable_history_later_parks_rather_than_posts_twice",),
    ),
    Guard(
        "an empty history without permission proves nothing",
        "cogs/publishing/history.py",
        "if allowed.view_channel and not allowed.read_message_history:",
        "if False:",
        (f"{_PUBLISHER}test_a_history_that_may_not_be_read_is_no_proof",),
    ),
    Guard(
        "a prompt that quotes a job is not its post",
        "cogs/publishing/history.py",
        'last_line = texts[-1].rpartition("\\n")[2] if texts else ""',
        'last_line = next((x for one in texts for x in one.split("\\n") if " · " in x), "")',
        (f"{_PUBLISHER}test_a_prompt_that_quotes_a_job_is_not_taken_for_it",),
    ),
    Guard(
        "only our own messages are found",
        "cogs/publishing/history.py",
        "return self._client.user is not None and message.author.id == self._client.user.id",
        "return True",
        (f"{_PUBLISHER}test_only_messages_of_its_own_are_found",),
    ),
    Guard(
        "a callback for an earlier submission binds nothing",
        "workflow/urls/callbacks.py",
        "if job.submissions != submission.number and not _may_be_later(job, submission):",
        "if False:",
        (f"{_CALLBACK}test_a_call_for_an_earlier_submission_binds_nothing",),
    ),
    Guard(
        "a callback about another task binds nothing",
        "workflow/urls/callbacks.py",
        "    if job.task_id != task_id:\n        return CallbackOutcome.OTHER_TASK\n",
        "",
        (f"{_CALLBACK}test_a_call_about_another_task_is_refused",),
    ),
    Guard(
        "what could not be recorded is not acknowledged",
        "bot/web/callbacks.py",
        'return 503, "not recorded"',
        'return 200, "not recorded"',
        (f"{_CALLBACK}test_a_call_that_can_not_be_recorded_is_not_acknowledged",),
    ),
    Guard(
        "quarantine",
        "workflow/worker.py",
        "if job.turns > _MAX_TURNS and can_transition(job.state, JobState.QUARANTINED):",
        "if False:",
        (
            (
                "tests/workflow/test_worker.py::"
                "test_a_poisoned_job_is_put_into_quarantine_and_the_others_go_on"
            ),
        ),
    ),
    Guard(
        "what is no MP4 is not kept",
        "storage/partial_files.py",
        'if block[4:8] != b"ftyp":',
        "if False:",
        ("tests/storage/test_media.py::test_what_is_no_mp4_is_not_kept",),
    ),
)
