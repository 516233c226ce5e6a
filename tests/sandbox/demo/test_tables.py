"""How money, times, tasks, jobs and ledger rows are written backstage."""

from collections.abc import Sequence
from typing import Any

import pytest

from sandbox.apixo import ApixoConfig, FakeApixo, ManualClock
from sandbox.demo import widgets
from sandbox.demo.discord import DemoDiscord
from sandbox.demo.snapshot_types import JobRow, LedgerRow, Snapshot
from sandbox.demo.tables import jobs_table, ledger_table, tasks_table
from tests.sandbox.apixo.conftest import ApiClient

NOW_MS = 1_767_965_610_000
JOB = "01m7yw64cchajfph8e9y"


def overview(*, jobs: Sequence[JobRow] = (), ledger: Sequence[LedgerRow] = ()) -> Snapshot:
    return Snapshot(held_micro=0, charged_micro=0, released_micro=0, jobs=[*jobs], ledger=[*ledger])


def job(**changes: Any) -> JobRow:
    row = {
        "id": JOB,
        "user_id": 1,
        "state": "generating",
        "phase": "moving",
        "price_micro": 364_000,
        "created_at_ms": NOW_MS - 65_000,
        "due_at_ms": None,
        "ended_at_ms": None,
        "reason": None,
    }
    return JobRow(**{**row, **changes})


def entry(kind: str, micro: int, account: str = "member") -> LedgerRow:
    return LedgerRow(
        id=1, at_ms=NOW_MS, kind=kind, account=account, amount_micro=micro, job_id=JOB, user_id=1
    )


def texts(table: widgets.Json) -> list[str]:
    (row,) = table["rows"]
    return [cell if isinstance(cell, str) else cell["text"] for cell in row["cells"]]


@pytest.mark.parametrize(
    ("micro", "shown"),
    [
        (0, "$0.00"),
        (80_000, "$0.08"),
        (364_000, "$0.364"),
        (1, "$0.000001"),
        (-5_000_000, "-$5.00"),
        (1_234_567_890, "$1,234.56789"),
    ],
)
def test_money_is_written_exactly(micro: int, shown: str):
    """Two decimals at least, and as many as there are."""
    assert widgets.format_usd(micro) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-1, "0 s"), (59.4, "59 s"), (60, "1 min"), (7_199, "1 h"), (200_000, "2 d")],
)
def test_a_span_is_written_in_its_largest_unit(seconds: float, shown: str):
    """Rounded down, as ages are."""
    assert widgets.format_duration(seconds) == shown


@pytest.mark.parametrize(
    ("row", "amount"),
    [
        (entry("hold", 80_000), "$0.08 held"),
        (entry("charge", 80_000), "-$0.08"),
        (entry("release", 80_000), "$0.08 let go"),
        (entry("adjust", -80_000), "+$0.08"),
        (entry("adjust", 80_000), "-$0.08"),
        (entry("grant", 5_000_000), "+$5.00"),
        (entry("grant", -5_000_000), "-$5.00"),
    ],
)
def test_the_sign_of_a_ledger_row_is_what_it_does_to_the_members_money(row: LedgerRow, amount: str):
    """Whatever sign the row itself has; a hold and its charge do not look paid twice."""
    shown = ledger_table(overview(ledger=[row]), DemoDiscord().world)
    assert texts(shown)[1:] == [row["kind"], amount, "…ph8e9y", "1"]


def test_rows_of_the_operators_account_say_so():
    """They are not the member's money."""
    shown = ledger_table(overview(ledger=[entry("adjust", 1, "operator")]), DemoDiscord().world)
    assert texts(shown)[1] == "adjust (operator)"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({}, "for 1 min"),
        ({"due_at_ms": NOW_MS + 3_600_000 * 3}, "for 1 min, looked at in 3 h"),
        ({"due_at_ms": NOW_MS - 1}, "for 1 min"),
        ({"due_at_ms": 1 << 52}, "for 1 min"),
        ({"ended_at_ms": NOW_MS - 60_000}, "after 5 s"),
        ({"reason": "APIXO does not know\nthe task"}, "APIXO does not know the task"),
        ({"reason": "x" * 100}, "x" * 59 + "…"),
    ],
)
def test_a_job_says_where_it_stands(changes: dict[str, Any], place: str):
    """A reason if there is one, else how long it took, or takes already."""
    discord = DemoDiscord()
    ada = discord.world.user("Ada")
    shown = jobs_table(overview(jobs=[job(user_id=ada.id, **changes)]), discord.world, NOW_MS)
    assert texts(shown) == ["…ph8e9y", "Ada", "generating", "$0.364", place]


def test_without_books_the_tables_are_empty():
    """The service has not made its database yet."""
    world = DemoDiscord().world
    assert (jobs_table(None, world, NOW_MS)["rows"], ledger_table(None, world)["rows"]) == ([], [])


async def test_tasks_show_how_far_they_are():
    """By the pace, newest first; what has ended shows its state alone."""
    clock = ManualClock()
    async with (
        FakeApixo(ApixoConfig(clips="tiny"), clock) as apixo,
        ApiClient(apixo) as customer,
    ):
        await customer.submit_task(prompt="first [[slow:100]]")
        await customer.submit_task("2.0 text", prompt="second [[fail:Timeout]] [[slow:50]]")
        clock.advance(25)
        second, first = tasks_table(apixo)["rows"]
        assert first["cells"][3] == {"text": "processing", "tone": "busy", "progress": 0.25}
        assert second["cells"][3]["progress"] == 0.5
        assert second["cells"][1] == "seedance-2-0 · text-to-video"
        clock.advance(25)
        failed = tasks_table(apixo)["rows"][0]["cells"][3]
        assert failed == {"text": "failed · Timeout", "tone": "bad"}
