"""The balance, the documented prices, and too many requests."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.apixo import ApixoConfig, FakeApixo, ManualClock
from tests.sandbox.apixo.conftest import ApiClient


@pytest.mark.parametrize(
    ("order", "changes", "price"),
    [
        ("1.5 text", {"resolution": "480p", "sound": False, "duration": 4}, "0.04"),
        ("1.5 text", {"resolution": "480p", "sound": True, "duration": 5}, "0.10"),
        ("1.5 text", {"resolution": "720p", "sound": False, "duration": 8}, "0.16"),
        ("1.5 text", {"resolution": "720p", "sound": True, "duration": 12}, "0.48"),
        ("1.5 image", {"resolution": "720p", "sound": True, "duration": 12}, "0.48"),
        ("2.0 text", {"resolution": "480p", "duration": 5}, "0.455"),
        ("2.0 text", {"resolution": "720p", "duration": 5}, "0.96"),
        ("2.0 text", {"resolution": "1080p", "duration": 15}, "7.35"),
        ("2.0 text", {"resolution": "720p", "sound": False, "web_search": True}, "0.96"),
        ("2.0 frames", {"resolution": "480p", "duration": 7}, "0.637"),
        ("2.0 omni", {"resolution": "1080p", "duration": 4}, "1.96"),
    ],
)
async def test_the_balance_falls_by_the_documented_price(
    order: str, changes: dict[str, Any], price: str, client: ApiClient
) -> None:
    """Rate × seconds, exactly."""
    await client.submit_task(order, **changes)
    assert await client.balance() == 100 - Decimal(price)


async def test_a_balance_is_written_as_a_number_with_four_decimals(client: ApiClient) -> None:
    """As in the documented example, and exact where that is not enough."""
    assert str(await client.balance()) == "100.0000"


@pytest.mark.parametrize("options", [ApixoConfig(clips="tiny", balance_usd=Decimal("0.31"))])
async def test_an_empty_balance_refuses_with_402(client: ApiClient, apixo: FakeApixo) -> None:
    """What cannot be paid is not begun; what can still is."""
    assert (await client.submit("1.5 text")).status == 200
    reply = await client.submit("1.5 text")
    assert (reply.status, reply.body["code"]) == (402, 402)
    assert len(apixo.tasks) == 1
    assert await client.balance() == Decimal("0.15")
    assert (await client.submit("1.5 text", duration=7)).status == 200


@pytest.mark.parametrize(
    ("options", "after_submit", "after_failure"),
    [
        (ApixoConfig(clips="tiny"), "99.84", "100"),
        (ApixoConfig(clips="tiny", refund_failed=False), "99.84", "99.84"),
        (ApixoConfig(clips="tiny", charge_at="success"), "100", "100"),
    ],
)
async def test_what_a_failed_task_costs_can_be_chosen(
    after_submit: str, after_failure: str, client: ApiClient, clock: ManualClock
) -> None:
    """The pages do not say it."""
    await client.submit_task("1.5 text", prompt="a fox [[fail:Timeout]]")
    assert await client.balance() == Decimal(after_submit)
    clock.advance(10)
    assert await client.balance() == Decimal(after_failure)


@pytest.mark.parametrize(
    "options", [ApixoConfig(clips="tiny", charge_at="success", balance_usd=Decimal("0.32"))]
)
async def test_a_task_that_is_paid_at_its_end_still_has_to_be_affordable(
    client: ApiClient, clock: ManualClock
) -> None:
    """Unpaid tasks count, once, whether they have ended or not."""
    assert (await client.submit("1.5 text")).status == 200
    assert await client.balance() == Decimal("0.32")
    clock.advance(90)
    assert (await client.submit("1.5 text")).status == 200
    assert await client.balance() == Decimal("0.16")
    assert (await client.submit("1.5 text")).status == 402


@pytest.mark.parametrize("options", [ApixoConfig(clips="tiny", max_tasks=1, retry_after="3")])
async def test_too_many_tasks_at_once_are_a_429(
    client: ApiClient, apixo: FakeApixo, clock: ManualClock
) -> None:
    """No second task until the first has ended."""
    assert (await client.submit("1.5 text")).status == 200
    reply = await client.submit("1.5 text")
    assert (reply.status, reply.headers["Retry-After"]) == (429, "3")
    assert len(apixo.tasks) == 1
    clock.advance(90)
    assert (await client.submit("1.5 text")).status == 200


@pytest.mark.parametrize("options", [ApixoConfig(clips="tiny", requests_per_second=2)])
async def test_too_many_requests_in_a_second_are_a_429(
    client: ApiClient, clock: ManualClock
) -> None:
    """Any second, not each calendar second; as undocumented, without Retry-After."""
    path = "/apikeys/current-balance"
    answers = [await client.ask("GET", path) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert "Retry-After" not in answers[-1].headers
    clock.advance(1)
    assert (await client.ask("GET", path)).status == 200
