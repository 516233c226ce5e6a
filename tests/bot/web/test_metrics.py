"""`/metrics`: what a monitor sees of the worker, and the alert rules that go by it."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from apixo.client import ApixoClient
from bot.sharding.leases import describe_process
from bot.web import metrics
from bot.web.metrics import MetricsEndpoint, ProcessMetrics
from bot.web.server import serve
from domain.jobs import JobState
from domain.money import MicroUSD
from domain.quotas import Limits
from storage import balance_readings, processes
from tests.harness.workflow import BOTH_ENGINES, FlakyDatabase, WorkflowHarness
from workflow.reports.metrics import collect_metrics
from workflow.urls.callback_urls import SignedCallbackUrls
from workflow.urls.signing import Signer

S = JobState
DOCS = Path(__file__).parents[3] / "docs"
RULES = DOCS / "alerts.yml"
PARTS_OF_A_PARAGRAPH = ("**Means.**", "**Look at**", "**Do**", "**Over when**")


@dataclass
class Monitor:
    """Scrapes the service; `meters` are the service's."""

    url: str
    session: aiohttp.ClientSession
    meters: ProcessMetrics

    async def scrape(self) -> dict[str, float]:
        """Read every sample by its name and labels."""
        families = text_string_to_metric_families(await self.text())
        return {_named(sample): sample.value for family in families for sample in family.samples}

    async def text(self) -> str:
        async with self.session.get(f"{self.url}/metrics") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"].startswith("text/plain")
            return await answer.text()


@pytest.fixture
async def monitor(
    harness: WorkflowHarness, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Monitor]:
    """Have a world scraped that counts its requests; every scrape reads again."""
    monkeypatch.setattr(metrics, "_FRESH_S", 0)
    meters = ProcessMetrics()
    harness.change_policy(exposure_limit=MicroUSD(20_000_000), balance_alert=MicroUSD(10_000_000))
    key, trace = SecretStr(harness.apixo.key), meters.trace_config("apixo")
    async with (
        aiohttp.ClientSession() as session,
        ApixoClient(harness.apixo.base_url, key, trace=trace) as client,
    ):
        harness.context = replace(harness.context, apixo=client)
        await harness.replace_worker(owner="first")
        answering = MetricsEndpoint(harness.context, harness.worker, meters)
        await answering.start()
        async with serve("127.0.0.1", 0, answering.routes()) as port:
            yield Monitor(f"http://127.0.0.1:{port}", session, meters)


@BOTH_ENGINES
async def test_a_job_is_seen_on_its_way_and_at_its_end(harness: WorkflowHarness, monitor: Monitor):
    """Its state, its age and its hold while it is there; then what came of it and how long."""
    job = (await harness.accept_job()).job
    await harness.run_once()
    harness.clock.advance(5)
    seen = await monitor.scrape()
    assert seen["dailies_jobs{state=generating}"] == 1
    assert 5 <= seen["dailies_oldest_job_seconds{state=generating}"] < 6
    assert seen["dailies_held_micro"] == job.price
    assert seen["dailies_held_usd"] == job.price / 1e6
    assert seen["dailies_submissions_total{outcome=generating}"] == 1
    assert seen["dailies_requests_total{api=apixo,status=200}"] == 1
    await harness.run_until(S.DELIVERED, job=job.id)
    seen = await monitor.scrape()
    assert seen["dailies_jobs{state=generating}"] == 0
    assert seen["dailies_jobs{state=delivered}"] == 1
    assert seen["dailies_oldest_job_seconds{state=delivered}"] == 0
    assert seen["dailies_held_micro"] == 0
    assert seen["dailies_moves_total{state=delivered}"] == 1
    assert seen["dailies_delivery_seconds_count"] == 1
    assert 40 < seen["dailies_delivery_seconds_sum"] < 120
    assert seen["dailies_belt_turns_total"] == harness.worker.runs > 2


@BOTH_ENGINES
async def test_what_goes_wrong_is_counted(harness: WorkflowHarness, monitor: Monitor):
    """A lost answer, what it may cost, and how long a task has waited beyond its time."""
    lost = (await harness.accept_job("a lake [[effect:504]]")).job
    await harness.accept_job()
    await harness.run_once()
    harness.clock.advance(60)
    seen = await monitor.scrape()
    assert seen["dailies_submissions_total{outcome=submit_unknown}"] == 1
    assert seen["dailies_requests_total{api=apixo,status=504}"] == 1
    assert seen["dailies_exposure_micro"] == lost.price
    assert 30 < seen["dailies_poll_late_seconds"] < 60
    await harness.run_once()
    assert (await monitor.scrape())["dailies_poll_late_seconds"] == 0


async def test_a_worker_that_the_exposure_stops_is_paused_like_any_other(harness: WorkflowHarness):
    """A monitor need not know why nothing is submitted."""
    harness.change_policy(exposure_limit=MicroUSD(1))
    assert not (await collect_metrics(harness.context, 0)).is_paused
    await harness.accept_job("a lake [[effect:504]]")
    await harness.run_once()
    assert (await collect_metrics(harness.context, 0)).is_paused


async def test_requests_without_an_answer_are_counted(harness: WorkflowHarness, monitor: Monitor):
    """A server that is not there has no status."""
    key, trace = SecretStr("k"), monitor.meters.trace_config("apixo")
    async with ApixoClient("http://127.0.0.1:9/api/v1", key, trace=trace) as nowhere:
        harness.context = replace(harness.context, apixo=nowhere)
        await harness.replace_worker(owner="first")
        await harness.accept_job()
        await harness.run_once()
    assert (await monitor.scrape())["dailies_requests_total{api=apixo,status=none}"] == 1


@BOTH_ENGINES
async def test_the_balance_is_shown_once_it_was_read(harness: WorkflowHarness, monitor: Monitor):
    """Nothing before the first reading; then what is left, and what nothing explains."""
    assert "dailies_balance_micro" not in await monitor.scrape()
    for at_ms, left in enumerate([5_000_000, 4_900_000]):
        await harness.database.transact(
            lambda tx, at_ms=at_ms, left=left: balance_readings.add(tx, at_ms, MicroUSD(left))
        )
    seen = await monitor.scrape()
    assert seen["dailies_balance_micro"] == 4_900_000
    assert seen["dailies_balance_difference_micro"] == 100_000


async def test_a_database_that_does_not_answer_is_a_figure_too(harness: WorkflowHarness):
    """The process's own counts are still there, and 200."""
    flaky, meters = FlakyDatabase(harness.database), ProcessMetrics()
    context: Any = replace(harness.context, database=flaky)
    answering = MetricsEndpoint(context, harness.worker, meters)
    async with (
        aiohttp.ClientSession() as session,
        serve("127.0.0.1", 0, answering.routes()) as port,
    ):
        flaky.read = _broken
        seen = await Monitor(f"http://127.0.0.1:{port}", session, meters).scrape()
    assert seen["dailies_database_up"] == 0
    assert "dailies_belt_turns_total" in seen
    assert not any(name.startswith("dailies_jobs") for name in seen)


@BOTH_ENGINES
async def test_one_of_several_processes_serves_the_databases_figures(
    harness: WorkflowHarness, monitor: Monitor
):
    """The oldest that is alive; so a sum over all of them is right, and each event counts once."""

    async def be_seen(*names: str) -> None:
        for age, name in enumerate(names):
            known = describe_process(name, "all", 1, harness.context.now_ms())
            row = replace(known, started_at_ms=age)
            await harness.database.transact(lambda tx, row=row: processes.record(tx, row))

    await be_seen("other", "first")
    await harness.accept_job()
    seen = await monitor.scrape()
    assert "dailies_jobs{state=queued}" not in seen
    assert seen["dailies_database_up"] == 1
    harness.clock.advance(30)
    await be_seen("first")
    await harness.run_once()
    seen = await monitor.scrape()
    assert seen["dailies_jobs{state=generating}"] == 1
    assert seen["dailies_submissions_total{outcome=generating}"] == 1
    assert "dailies_moves_total{state=queued}" not in seen
    for family in text_string_to_metric_families(await monitor.text()):
        of_database = {sample.labels.get("source") == "database" for sample in family.samples}
        assert len(of_database) <= 1, family.name


async def test_a_second_scrape_at_once_reads_the_database_no_more(
    harness: WorkflowHarness, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
):
    """Several monitors cost what one costs."""
    monkeypatch.setattr(metrics, "_FRESH_S", 60)
    before = await monitor.scrape()
    await harness.accept_job()
    again = await monitor.scrape()
    assert again["dailies_jobs{state=queued}"] == before["dailies_jobs{state=queued}"] == 0


async def test_a_monitor_is_answered_in_the_format_that_it_asks_for(
    harness: WorkflowHarness, monitor: Monitor
):
    """Prometheus prefers OpenMetrics; who states no preference gets the text format."""
    preferred = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}
    async with monitor.session.get(f"{monitor.url}/metrics", headers=preferred) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        families = openmetrics.text_string_to_metric_families(await answer.text())
        assert "dailies_database_up" in {family.name for family in families}
    assert (await monitor.text()).startswith("# HELP")


async def test_every_metric_of_the_alert_rules_exists(harness: WorkflowHarness, monitor: Monitor):
    """And every state that they name; a rule on a misspelt name would never fire."""
    addresses = SignedCallbackUrls("https://bot.example", Signer(b"x", "callbacks"))
    harness.context = replace(harness.context, callback_urls=addresses)
    await harness.database.transact(lambda tx: balance_readings.add(tx, 0, MicroUSD(1)))
    await harness.accept_job("a lake [[effect:504]]")
    await harness.run_once()
    monitor.meters.count_callback("due")
    known = {name.partition("{")[0] for name in await monitor.scrape()}
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    assert len(rules) > 10
    for rule in rules:
        named = set(re.findall(r"dailies_\w+", rule["expr"]))
        assert named <= known, (rule["alert"], named - known)
        for states in re.findall(r'state=~?"([^"]+)"', rule["expr"]):
            assert set(states.split("|")) <= set(S), rule["alert"]
        assert {"severity"} == set(rule["labels"])
        assert {"summary", "runbook"} == set(rule["annotations"])


def test_each_alert_has_its_paragraph_in_the_runbook():
    """Where its annotation leads; and no paragraph is about an alert that there is not."""
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    _, *sections = (DOCS / "runbook.md").read_text().split("\n## ")
    paragraphs = {title: text for title, _, text in (one.partition("\n") for one in sections)}
    assert [*paragraphs] == [rule["alert"] for rule in rules]
    for rule in rules:
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
        places = [paragraphs[rule["alert"]].find(part) for part in PARTS_OF_A_PARAGRAPH]
        assert min(places) >= 0, rule["alert"]
        assert places == sorted(places), rule["alert"]


async def test_every_metric_of_the_runbook_exists(harness: WorkflowHarness, monitor: Monitor):
    """A name that is misspelt there would be looked for in the middle of the night."""
    await harness.database.transact(lambda tx: balance_readings.add(tx, 0, MicroUSD(1)))
    monitor.meters.count_callback("due")
    await harness.accept_job()
    await harness.run_once()
    known = {name.partition("{")[0] for name in await monitor.scrape()}
    assert set(re.findall(r"dailies_\w+", (DOCS / "runbook.md").read_text())) <= known


async def test_limits_of_the_settings_are_figures(harness: WorkflowHarness, monitor: Monitor):
    """So that rules follow them; what has no limit has no figure."""
    harness.change_policy(
        limits=Limits(
            member_day=MicroUSD(2_500_000), server_day=None, everything_day=MicroUSD(9_000_000)
        ),
        balance_alert=None,
    )
    await harness.replace_worker(owner="second")
    answering = MetricsEndpoint(harness.context, harness.worker, ProcessMetrics())
    async with serve("127.0.0.1", 0, answering.routes()) as port:
        url = f"http://127.0.0.1:{port}"
        seen = await Monitor(url, monitor.session, monitor.meters).scrape()
    assert seen["dailies_day_limit_usd{scope=member}"] == 2.5
    assert seen["dailies_day_limit_usd{scope=everything}"] == 9
    assert "dailies_day_limit_usd{scope=server}" not in seen
    assert seen["dailies_exposure_limit_usd"] == 20
    assert "dailies_balance_alert_usd" not in seen
    assert seen["process_resident_memory_bytes"] > 1e6
    assert any(name.startswith("python_info{") for name in seen)


async def test_no_label_names_a_job_a_member_or_a_server(
    harness: WorkflowHarness, monitor: Monitor
):
    """What identifies anybody, and what only grows, is no label."""
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    text = await monitor.text()
    assert job.id not in text
    labels = set(re.findall(r'(\w+)="', text))
    own = {"state", "outcome", "api", "status", "le", "version", "scope", "source"}
    assert labels <= own | {"generation", "implementation", "major", "minor", "patchlevel"}


async def _broken(_work: object) -> None:
    raise OSError("gone")


def _named(sample: Any) -> str:
    labels = ",".join(
        f"{key}={value}" for key, value in sorted(sample.labels.items()) if key != "source"
    )
    return f"{sample.name}{{{labels}}}" if labels else sample.name
