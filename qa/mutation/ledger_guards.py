"""The guards of the ledger, the quotas and what is spent."""

from qa.mutation.guard import Guard

_MIGRATION_1 = "storage/migrations/versions/0001_first_tables.py"
_MIGRATION_3 = "storage/migrations/versions/0003_limits_and_grants.py"
_BY_HAND = "tests/storage/test_ledger_guards.py::test_wrong_money_is_refused_by_the_database"
_ON_SQLITE, _ON_POSTGRESQL = (f"{_BY_HAND}[{engine}]" for engine in ("sqlite", "postgresql"))
_IN_A_SHELL = (
    "tests/storage/test_ledger_guards.py::"
    "test_wrong_money_is_refused_from_a_plain_sqlite_shell[sqlite]"
)
_CLICKS = "tests/cogs/jobs/test_cog.py::"


def _unique(condition: str) -> tuple[str, str]:
    """Write the end of a partial index, with and without its being unique.

    SQLite has triggers besides, because of its REPLACE: there the index alone is not missed.
    """
    return f"{condition}unique=True", f"{condition}unique=False"


def _trigger(reason: str) -> tuple[str, str]:
    text = f"SELECT RAISE(ABORT, '{reason}')"
    return text, "SELECT 0"


LEDGER_GUARDS = (
    Guard(
        "unique: a hold for an attempt",
        _MIGRATION_1,
        *_unique("\"kind = 'hold'\", "),
        (_ON_POSTGRESQL,),
    ),
    Guard(
        "unique: a resolution of a hold",
        _MIGRATION_1,
        *_unique("\"kind IN ('charge', 'release')\",\n        "),
        (_ON_POSTGRESQL,),
    ),
    Guard(
        "unique: a paid attempt of a job",
        _MIGRATION_1,
        *_unique("\"kind = 'charge' AND amount_micro > 0\",\n        "),
        (_ON_POSTGRESQL,),
    ),
    *(
        Guard(f"SQLite's trigger: {reason}", _MIGRATION_3, *_trigger(reason), (_IN_A_SHELL,))
        for reason in (
            "a row of the ledger is never replaced",
            "this attempt has a hold",
            "this hold is resolved",
            "this job is paid",
            "hold_id is no hold of this job, attempt and member",
            "a charge is at most its hold, a release all of it",
            "more than grants paid would be given back to them",
            "more than a grant gave would be taken back",
        )
    ),
    Guard(
        "PostgreSQL's trigger: a charge is at most its hold",
        _MIGRATION_3,
        "RAISE EXCEPTION 'a charge is at most its hold, a release all of it'\n"
        "            USING ERRCODE = 'check_violation';",
        "PERFORM 1;",
        (_ON_POSTGRESQL,),
    ),
    Guard(
        "append-only ledger, SQLite",
        _MIGRATION_1,
        "SELECT RAISE(ABORT, '{table} is append-only');",
        "SELECT 0;",
        (_ON_SQLITE,),
    ),
    Guard(
        "append-only ledger, PostgreSQL",
        _MIGRATION_1,
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';",
        "RETURN NULL;",
        (_ON_POSTGRESQL,),
    ),
    Guard(
        "append-only audit trail",
        _MIGRATION_3,
        "SELECT RAISE(ABORT, 'changes is append-only');",
        "SELECT 0;",
        (_ON_SQLITE,),
    ),
    Guard(
        "a purse is never overdrawn",
        _MIGRATION_3,
        "held_micro + charged_micro <= granted_micro",
        "true",
        (_ON_SQLITE, _ON_POSTGRESQL),
    ),
    Guard(
        "each hold fits under the limits of all",
        "storage/quotas.py",
        "if amount > (max(0, room) + totals.unspent if bucket.scope is Scope.MEMBER else room)",
        "if bucket.scope is Scope.MEMBER and amount > max(0, room) + totals.unspent",
        (
            (
                "tests/storage/test_billing.py::"
                "test_concurrent_holds_of_many_members_never_oversell_the_server[sqlite]"
            ),
        ),
    ),
    Guard(
        "each hold fits under its member's quota and grants",
        "storage/quotas.py",
        "if amount > (max(0, room) + totals.unspent if bucket.scope is Scope.MEMBER else room)",
        "if bucket.scope is not Scope.MEMBER and amount > room",
        ("tests/storage/test_billing.py::test_concurrent_holds_never_oversell[sqlite]",),
    ),
    Guard(
        "what is left of a quota is read when nobody else can take it",
        "storage/quotas.py",
        "    .order_by(quota_buckets.c.bucket_id)\n    .with_for_update()\n)\n",
        "    .order_by(quota_buckets.c.bucket_id)\n)\n",
        ("tests/storage/test_grants.py::test_concurrent_holds_do_not_overdraw_grants[postgresql]",),
    ),
    Guard(
        "nobody is given back more than they paid",
        "storage/billing.py",
        "if is_member and (await amounts_of(tx, job_id)).paid + amount < 0:",
        "if False:",
        (
            (
                "tests/storage/test_billing.py::"
                "test_the_same_money_is_not_given_back_twice_at_once[sqlite]"
            ),
        ),
    ),
    Guard(
        "who was told that it costs nothing is not charged",
        "workflow/billing/settlement.py",
        "if await billing.has_open_hold(tx, job.id, job.attempt):",
        "if True:",
        (
            (
                "tests/bot/web/test_callbacks.py::"
                "test_a_lost_answer_found_after_the_grace_time_is_free_for_the_member"
            ),
        ),
    ),
    Guard(
        "unique: an interaction's job",
        _MIGRATION_1,
        'sa.Column("interaction_id", INT, nullable=False, unique=True)',
        'sa.Column("interaction_id", INT, nullable=False)',
        ("tests/storage/test_jobs.py::test_an_interaction_has_one_job",),
    ),
    Guard(
        "a second click is the same order",
        "workflow/stages/accept.py",
        "(tx, key) is not None:\n            raise _DuplicateOrder\n",
        "(tx, key) is not None:\n            return\n",
        (
            "tests/workflow/results/test_rerun.py::test_two_clicks_at_once_are_one_job[0-postgresql]",
        ),
    ),
    Guard(
        "a full queue takes nothing",
        "workflow/order_limits.py",
        "if member_count + coming > context.policy.max_queued_per_member:",
        "if False:",
        (
            (
                "tests/workflow/stages/test_accept.py::"
                "test_too_many_waiting_jobs_are_refused_before_money_is_held"
            ),
        ),
    ),
    Guard(
        "the price on the button is the price",
        "cogs/jobs/cog.py",
        "if str(price) != shown_price:",
        "if False:",
        (f"{_CLICKS}test_a_price_that_is_not_todays_is_not_spent",),
    ),
    Guard(
        "the day's exposure pauses submissions",
        "workflow/submission_gate.py",
        "    if await exposure.is_limit_reached(tx, context.now_ms(), limit):",
        "    if False:",
        (
            (
                "tests/workflow/operator/test_control.py::"
                "test_at_its_limit_the_exposure_stops_submitting_until_the_operator_accepts_it"
            ),
        ),
    ),
    Guard(
        "nothing is bought that could not be kept",
        "workflow/submission_gate.py",
        "    if context.disk_space().is_low:",
        "    if False:",
        (
            (
                "tests/workflow/test_disk_space.py::"
                "test_without_room_nothing_is_bought_and_all_keep_their_place"
            ),
        ),
    ),
    Guard(
        "an old card decides nothing",
        "workflow/operator/actions.py",
        "found.job.fence != request.fence or ",
        "",
        ("tests/workflow/operator/test_actions.py::test_an_old_card_decides_nothing",),
    ),
    Guard(
        "no cell of a report is a formula",
        "workflow/reports/csv_export.py",
        "text.lstrip().startswith(_DANGEROUS)",
        "False",
        ("tests/workflow/reports/test_spending.py::test_no_text_is_a_formula",),
    ),
)
