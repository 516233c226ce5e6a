"""Tests mirror the tree: a module's tests are where its path says, or where a line here says."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("apixo", "bot", "cogs", "domain", "storage", "workflow")

TESTED_BY = {
    "apixo/errors.py": "apixo/test_responses.py",
    "apixo/parsing.py": "apixo/test_responses.py",
    "apixo/schemas.py": "apixo/test_status.py",
    "bot/__main__.py": "bot/test_main.py",
    "bot/app.py": "e2e/test_job_lifecycle.py",
    "bot/cli/database_checks.py": "e2e/test_faults_at_start.py",
    "bot/cli/discord_api.py": "e2e/test_doctor.py",
    "bot/cli/discord_checks.py": "e2e/test_doctor.py",
    "bot/cli/doctor.py": "e2e/test_doctor.py",
    "bot/cli/findings.py": "e2e/test_doctor.py",
    "bot/cli/gateway_session.py": "e2e/test_faults_at_start.py",
    "bot/cli/local_checks.py": "e2e/test_doctor.py",
    "bot/cli/money_checks.py": "bot/cli/test_reconciliation.py",
    "bot/cli/questions.py": "e2e/test_setup.py",
    "bot/cli/server_checks.py": "e2e/test_faults_at_start.py",
    "bot/cli/setup.py": "e2e/test_setup.py",
    "bot/cli/shards.py": "e2e/test_shards.py",
    "bot/client.py": "cogs/generation/test_options.py",
    "bot/errors.py": "bot/test_settings.py",
    "bot/limits.py": "e2e/test_faults_at_start.py",
    "bot/media_store.py": "storage/test_s3_media.py",
    "bot/sharding/identifies.py": "bot/sharding/test_leases.py",
    "bot/sharding/roles.py": "e2e/test_shards.py",
    "bot/web/server.py": "bot/web/test_callbacks.py",
    "cogs/background.py": "workflow/test_worker.py",
    "cogs/generation/cog.py": "cogs/generation/test_options.py",
    "cogs/generation/service.py": "cogs/generation/test_refusals.py",
    "cogs/generation/message_media.py": "cogs/generation/test_context_menu.py",
    "cogs/help/cog.py": "cogs/help/test_help.py",
    "cogs/help/price_cog.py": "cogs/help/test_prices.py",
    "cogs/help/price_views.py": "cogs/help/test_prices.py",
    "cogs/help/privacy.py": "cogs/help/test_help.py",
    "cogs/help/views.py": "cogs/help/test_help.py",
    "cogs/jobs/list_views.py": "cogs/jobs/test_list_cog.py",
    "cogs/operator/alerts.py": "cogs/operator/test_cog.py",
    "cogs/operator/buttons.py": "cogs/operator/test_cog.py",
    "cogs/operator/owners.py": "cogs/operator/test_cog.py",
    "cogs/operator/process_views.py": "cogs/operator/test_cog.py",
    "cogs/operator/views.py": "cogs/operator/test_cog.py",
    "cogs/publishing/attachments.py": "cogs/publishing/test_publisher.py",
    "cogs/publishing/ephemeral_replies.py": "cogs/test_private_videos.py",
    "cogs/publishing/gateway.py": "cogs/publishing/test_access.py",
    "cogs/publishing/errors.py": "cogs/publishing/test_refusals.py",
    "cogs/publishing/history.py": "cogs/publishing/test_publisher.py",
    "cogs/publishing/threads.py": "cogs/publishing/test_refusals.py",
    "cogs/quotas/views.py": "cogs/quotas/test_cog.py",
    "cogs/reports/charts/plots.py": "cogs/reports/charts/test_charts.py",
    "cogs/reports/charts/font_files.py": "cogs/reports/charts/test_text_metrics.py",
    "cogs/reports/charts/rasterize.py": "cogs/reports/charts/test_charts.py",
    "cogs/reports/charts/renderer.py": "cogs/reports/charts/test_charts.py",
    "cogs/reports/charts/svg.py": "cogs/reports/charts/test_charts.py",
    "cogs/reports/controls.py": "cogs/reports/test_cog.py",
    "cogs/reports/views.py": "cogs/reports/test_cog.py",
    "cogs/settings/audit_log.py": "cogs/settings/test_cog.py",
    "cogs/settings/checks.py": "cogs/settings/test_cog.py",
    "cogs/settings/controls.py": "cogs/settings/test_cog.py",
    "cogs/settings/field_types.py": "cogs/settings/test_cog.py",
    "cogs/settings/fields.py": "cogs/settings/test_cog.py",
    "cogs/settings/modals.py": "cogs/settings/test_cog.py",
    "cogs/settings/pages.py": "cogs/settings/test_cog.py",
    "cogs/settings/service.py": "cogs/settings/test_cog.py",
    "cogs/generation/message_menu.py": "cogs/generation/test_context_menu.py",
    "cogs/ui/buttons.py": "cogs/jobs/test_cog.py",
    "cogs/ui/file_violations.py": "cogs/ui/test_violations.py",
    "cogs/ui/i18n.py": "bot/test_translations.py",
    "cogs/ui/interactions.py": "cogs/jobs/test_cog.py",
    "cogs/ui/layout.py": "cogs/ui/test_views.py",
    "cogs/ui/names.py": "cogs/reports/test_cog.py",
    "cogs/ui/quota_text.py": "cogs/ui/test_violations.py",
    "cogs/help/data_buttons.py": "cogs/help/test_member_data.py",
    "bot/cli/offline.py": "bot/cli/test_members.py",
    "bot/cli/progress.py": "bot/cli/test_archives.py",
    "domain/erasures.py": "workflow/members/test_erasure.py",
    "storage/transfer.py": "bot/cli/test_move.py",
    "storage/erasures.py": "workflow/members/test_erasure.py",
    "storage/personal_data.py": "workflow/members/test_export.py",
    "storage/media_marks.py": "workflow/test_restore.py",
    "workflow/results/messages.py": "workflow/members/test_erasure.py",
    "workflow/results/posted.py": "workflow/stages/test_deliver.py",
    "workflow/stages/discard.py": "workflow/members/test_erasure.py",
    "domain/audit_log.py": "workflow/guilds/test_settings.py",
    "domain/durations.py": "domain/test_polling.py",
    "domain/errors.py": "domain/test_requests.py",
    "domain/failures.py": "domain/test_jobs.py",
    "domain/job_view.py": "cogs/ui/test_views.py",
    "domain/loopback.py": "apixo/test_requests.py",
    "domain/obstacles.py": "workflow/servers/test_release.py",
    "domain/reports.py": "storage/test_reports.py",
    "domain/safe_regex.py": "domain/test_word_filter.py",
    "domain/violations.py": "cogs/ui/test_violations.py",
    "storage/audit_log.py": "workflow/guilds/test_settings.py",
    "storage/balance_readings.py": "workflow/billing/test_reconciliation.py",
    "storage/task_durations.py": "workflow/test_learned_durations.py",
    "storage/engines.py": "storage/test_database.py",
    "storage/errors.py": "storage/test_database.py",
    "storage/rest_budget.py": "bot/test_rest_budget.py",
    "storage/notices.py": "workflow/test_signals.py",
    "storage/media_cache.py": "storage/test_s3_media.py",
    "storage/partial_files.py": "storage/test_media.py",
    "storage/s3_bucket.py": "storage/test_s3_media.py",
    "storage/exposure.py": "workflow/operator/test_control.py",
    "storage/fetched_bytes.py": "workflow/test_fetch_budget.py",
    "storage/high_water.py": "workflow/test_restore.py",
    "storage/job_list.py": "workflow/results/test_job_list.py",
    "storage/leases.py": "storage/test_queue.py",
    "storage/memberships.py": "workflow/members/test_leavers.py",
    "storage/limits.py": "storage/test_quotas.py",
    "storage/media_usage.py": "workflow/results/test_retention.py",
    "storage/metrics.py": "bot/web/test_metrics.py",
    "storage/migrate.py": "storage/test_migrations.py",
    "storage/processes.py": "bot/sharding/test_leases.py",
    "storage/parked_jobs.py": "workflow/operator/test_actions.py",
    "storage/pending_interactions.py": "workflow/test_pending_interactions.py",
    "storage/released_jobs.py": "workflow/servers/test_notices.py",
    "storage/restored_jobs.py": "workflow/test_restore.py",
    "storage/schema.py": "storage/test_migrations.py",
    "storage/snapshot.py": "bot/test_snapshot_reader.py",
    "storage/status_messages.py": "storage/test_jobs.py",
    "storage/submission_pause.py": "storage/test_queue.py",
    "storage/upsert.py": "storage/test_key_value.py",
    "storage/write_access.py": "e2e/test_faults_at_start.py",
    "workflow/billing/balance_monitor.py": "workflow/billing/test_credit.py",
    "workflow/billing/settlement.py": "workflow/operator/test_actions.py",
    "workflow/confined_child.py": "workflow/media_probe/test_probe.py",
    "workflow/confined_process.py": "workflow/media_probe/test_probe.py",
    "workflow/confined_template.py": "workflow/media_probe/test_probe.py",
    "workflow/context.py": "workflow/test_worker.py",
    "workflow/errors.py": "workflow/stages/test_deliver.py",
    "workflow/guilds/notifications.py": "cogs/ui/test_notify_button.py",
    "workflow/guilds/prompt_history.py": "cogs/generation/test_autocomplete.py",
    "workflow/high_water.py": "workflow/test_restore.py",
    "workflow/media_probe/animations.py": "workflow/media_probe/test_inspection.py",
    "workflow/media_probe/cleaning.py": "workflow/media_probe/test_inspection.py",
    "workflow/media_probe/clips.py": "workflow/media_probe/test_inspection.py",
    "workflow/media_probe/file_parts.py": "workflow/media_probe/test_personal_data.py",
    "workflow/media_probe/formats.py": "workflow/media_probe/test_inspection.py",
    "workflow/media_probe/types.py": "workflow/media_probe/test_probe.py",
    "workflow/media_probe/worker.py": "workflow/media_probe/test_probe.py",
    "workflow/input_files.py": "cogs/generation/test_eligibility.py",
    "workflow/member_turns.py": "cogs/generation/test_eligibility.py",
    "workflow/operator/processes.py": "cogs/operator/test_cog.py",
    "workflow/operator/parked_jobs.py": "workflow/operator/test_actions.py",
    "workflow/order_limits.py": "workflow/stages/test_accept.py",
    "workflow/publisher.py": "cogs/publishing/test_publisher.py",
    "workflow/reports/csv_export.py": "workflow/reports/test_spending.py",
    "workflow/reports/metrics.py": "bot/web/test_metrics.py",
    "workflow/results/destination.py": "cogs/publishing/test_result_channel.py",
    "workflow/results/extend.py": "cogs/jobs/test_extend.py",
    "workflow/results/lookup.py": "workflow/results/test_delete.py",
    "workflow/results/repost.py": "workflow/results/test_job_list.py",
    "workflow/scheduling.py": "workflow/stages/test_poll.py",
    "cogs/servers/buttons.py": "cogs/servers/test_admission.py",
    "cogs/servers/gate.py": "cogs/servers/test_admission.py",
    "cogs/servers/registrar.py": "cogs/servers/test_admission.py",
    "cogs/servers/views.py": "cogs/servers/test_admission.py",
    "storage/shards.py": "bot/sharding/test_leases.py",
    "storage/servers.py": "workflow/servers/test_admission.py",
    "workflow/servers/obstacles.py": "workflow/servers/test_release.py",
    "workflow/stages/recover.py": "workflow/test_crash_recovery.py",
    "workflow/status_updates.py": "workflow/operator/test_control.py",
    "workflow/submission_gate.py": "workflow/operator/test_control.py",
    "workflow/urls/callback_urls.py": "bot/web/test_callbacks.py",
    "workflow/urls/callbacks.py": "bot/web/test_callbacks.py",
    "workflow/urls/presigned_urls.py": "storage/test_s3_media.py",
    "workflow/urls/signed_urls.py": "bot/web/test_media.py",
    "workflow/video_tools/encoders.py": "workflow/video_tools/test_tools.py",
    "workflow/video_tools/worker.py": "workflow/video_tools/test_tools.py",
}
"""For each module without a test file of its name, the one that tests it; below `tests/`."""


def modules() -> list[Path]:
    """List the product's modules, relative to the root."""
    every = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return [
        path.relative_to(ROOT)
        for path in every
        if path.name != "__init__.py" and "migrations" not in path.parts
    ]


def test_every_module_has_its_tests():
    """A test file of the same path and name, or a line in the table that names another."""
    lacking = [
        str(module)
        for module in modules()
        if not (ROOT / "tests" / module.parent / f"test_{module.name}").exists()
        and str(module) not in TESTED_BY
    ]
    assert lacking == []


def test_every_line_of_the_table_is_needed_and_true():
    """The module is there and has no test file of its name; the file that is named is there."""
    known = {str(module) for module in modules()}
    for module, tests in TESTED_BY.items():
        assert module in known, module
        path = Path(module)
        assert not (ROOT / "tests" / path.parent / f"test_{path.name}").exists(), module
        assert (ROOT / "tests" / tests).is_file(), tests
