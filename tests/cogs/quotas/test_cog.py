"""What members and managers do about quotas and grants: real commands."""

import asyncio
import time
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text

from domain.quotas import Limit, LimitKind, LimitTarget
from sandbox.discord import Channel, FakeDiscord, Interaction, MemberClient
from sandbox.discord.interactions import InteractionType
from sandbox.discord.models import Permission
from storage import audit, billing
from storage.database import Database
from tests.conftest import Template
from tests.harness.bot import BotHarness, button_labels
from workflow.billing.quotas import Actor, set_limit

PRICE = 80_000
"""What the smallest video costs."""

_DAY_MS = 86_400_000

DAY = {"name": "period", "type": 3, "value": "day"}

SMALL = {"prompt": "a lake at dusk", "duration": 4, "sound": False, "resolution": "720p"}


@pytest.fixture
def template(request: pytest.FixtureRequest) -> Template:
    """Take the embedded database, unless a test names the other."""
    return request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_template")


@pytest.fixture
async def harness(stopped_harness: BotHarness) -> BotHarness:
    """Start the service at noon, so that no day ends while a test looks at one."""
    now_ms = time.time_ns() // 1_000_000
    stopped_harness.clock_offset_ms = _DAY_MS * 3 // 2 - now_ms % _DAY_MS
    await stopped_harness.start()
    return stopped_harness


@pytest.fixture
def maxim(fake_discord: FakeDiscord) -> MemberClient:
    """Give a member with Manage Server."""
    return fake_discord.member("Max")


async def say(
    person: MemberClient, channel: Channel, command: str, options: dict[str, Any] | None = None
) -> str:
    """Type a command and give the private answer."""
    return (await answer(person, channel, command, options)).text


async def answer(
    person: MemberClient, channel: Channel, command: str, options: dict[str, Any] | None = None
) -> Interaction:
    typed = await person.run_command(channel, command, options)
    answered = await typed.until_answered(within=60)
    assert answered.ephemeral
    return answered


async def set_day(person: MemberClient, channel: Channel, amount: str, **whom: Any) -> str:
    return await say(person, channel, "limits set", {"amount": amount, "period": "day", **whom})


async def clean(database: Database) -> None:
    assert (await database.read(audit.run_audit)).violations == ()


@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
async def test_of_sixty_at_once_as_many_are_taken_as_there_is_room_for(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient, database: Database
) -> None:
    """Room for twenty: twenty jobs and holds, forty private refusals."""
    await set_day(maxim, harness.channel, "1.60", user=ada.user)
    typed = [await ada.run_command(harness.channel, "video", SMALL) for _ in range(60)]
    answers = await asyncio.gather(*(one.until_answered(within=120) for one in typed))
    taken = [one for one in answers if "on its way" in one.text]
    refused = [one for one in answers if "left today" in one.text and one not in taken]
    assert (len(taken), len(refused)) == (20, 40)
    assert all(one.ephemeral for one in answers)
    assert await harness.job_count() == 20
    assert sum("That's $0.08" in one.text for one in refused) == 40
    sums = await database.read(billing.get_totals)
    assert sums.held + sums.charged == 20 * PRICE
    await clean(database)


async def test_the_private_answer_tells_what_is_left_in_each_period(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient
) -> None:
    """The day, the month, the grants, and the server where it is the tighter one."""
    assert "You have no spending limit." in await say(ada, harness.channel, "video", SMALL)
    await set_day(maxim, harness.channel, "$2.50")
    month = {"amount": "7", "period": "month", "user": ada.user}
    await say(maxim, harness.channel, "limits set", month)
    await say(maxim, harness.channel, "grant", {"user": ada.user, "amount": "0.5"})
    said = await say(ada, harness.channel, "video", SMALL)
    assert "You have $2.34 left today and $6.84 this month, plus $0.50 bonus." in said
    assert "server" not in said
    limit = Limit(
        target=LimitTarget.SERVER, kind=LimitKind.DAY, amount=PRICE * 4, guild_id=ada.guild.id
    )
    await set_limit(harness.context, limit, Actor(maxim.id, 1))
    said = await say(ada, harness.channel, "video", SMALL)
    assert "This server has only $0.08 left today." in said


async def test_a_refusal_names_each_period_that_lacks(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient
) -> None:
    """Both what is left and what could never fit, each with its own reset."""
    await set_day(maxim, harness.channel, "0.05", user=ada.user)
    await say(maxim, harness.channel, "grant", {"user": ada.user, "amount": "0.04"})
    month = {"amount": "0.1", "period": "month", "user": ada.user}
    await say(maxim, harness.channel, "limits set", month)
    await harness.order_video(ada, "video", SMALL)
    said = await say(ada, harness.channel, "video", SMALL)
    assert "more than your daily limit of $0.05 plus your $0.01 bonus" in said
    assert "you have $0.05 left this month, plus $0.01 bonus" in said


async def test_grants_pay_when_the_quota_is_spent(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient, database: Database
) -> None:
    """A hold takes the rest of the quota and what is missing from grants; then nothing fits."""
    await set_day(maxim, harness.channel, "0.1", user=ada.user)
    await say(
        maxim, harness.channel, "grant", {"user": ada.user, "amount": "0.07", "note": "a prize"}
    )
    await harness.order_video(ada, "video", SMALL)
    second = await harness.order_video(ada, "video", SMALL)
    hold, *_ = await database.read(lambda tx: billing.list_entries(tx, second))
    assert (hold.amount, hold.from_grant) == (PRICE, 60_000)
    said = await say(ada, harness.channel, "video", SMALL)
    assert "you have $0.00 left today, plus $0.01 bonus" in said
    await clean(database)


async def test_a_grant_is_taken_back_by_its_button_once(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient, database: Database
) -> None:
    """What is unspent goes, a second click finds nothing, and a stranger's click does nothing."""
    given = await answer(maxim, harness.channel, "grant", {"user": ada.user, "amount": "2"})
    assert "$2.00" in given.text
    assert button_labels(given) == ["Take back"]
    for said in ("Took back $2.00", "Nothing of this bonus is left"):
        clicked = await (await maxim.click(given, "Take back")).until_answered(within=60)
        assert said in clicked.text.replace("**", "")
    rows = await database.read(lambda tx: tx.execute(text(_GRANTS)))
    assert [row.amount_micro for row in rows] == [2_000_000, -2_000_000]
    await clean(database)


_GRANTS = "SELECT amount_micro FROM billing WHERE kind = 'grant' ORDER BY id"


async def test_a_manager_takes_grants_back_from_what_quota_lists(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient, database: Database
) -> None:
    """The newest first, each with what is unspent of it; also after a restart."""
    for amount in ("1", "2"):
        await say(maxim, harness.channel, "grant", {"user": ada.user, "amount": amount})
    shown = await answer(maxim, harness.channel, "quota", {"user": ada.user})
    assert button_labels(shown) == ["Take back $2.00", "Take back $1.00"]
    await harness.restart()
    clicked = await (await maxim.click(shown, "Take back $1.00")).until_answered(within=60)
    assert "They have $2.00 of bonus left." in clicked.text
    await clean(database)


async def test_members_see_their_own_quota_and_managers_anyones(
    harness: BotHarness, ada: MemberClient, ben: MemberClient, maxim: MemberClient
) -> None:
    """Bars, what is used, and when there is more."""
    await set_day(maxim, harness.channel, "0.8")
    await harness.order_video(ada, "video", SMALL)
    own = await say(ada, harness.channel, "quota")
    assert "What you have left" in own
    assert "▰▰▰▰▰▰▰▰▰▰▱▱ $0.72 of $0.80 left, resets <t:" in own
    assert "This month: no limit, $0.08 used" in own
    others = await say(ben, harness.channel, "quota", {"user": ada.user})
    assert "Manage Server" in others
    assert "0.72" not in others
    seen = await say(maxim, harness.channel, "quota", {"user": ada.user})
    assert f"What <@{ada.id}> has left" in seen


async def test_managers_see_what_is_set_and_by_whom(
    harness: BotHarness, maxim: MemberClient
) -> None:
    """Each limit of the server, and the latest changes."""
    assert "No limits set here" in await say(maxim, harness.channel, "limits show")
    await set_day(maxim, harness.channel, "0.8")
    seen = await say(maxim, harness.channel, "limits show")
    assert "Every member: $0.80 a day" in seen
    assert f"<@{maxim.id}>: daily limit for every member, default → $0.80" in seen


def option(name: str, value: str, kind: int = 3) -> dict[str, Any]:
    return {"name": name, "type": kind, "value": value}


def step(name: str, *options: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "type": 1, "options": [*options]}


@pytest.mark.parametrize(
    "typed",
    [step("show"), step("set", option("amount", "5"), DAY), step("clear", DAY)],
    ids=lambda typed: typed["name"],
)
async def test_only_managers_change_anything(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, typed: dict[str, Any]
) -> None:
    """Whatever Discord's own settings let a member type, the permission is looked at again."""
    data = {"id": "1", "type": 1, "name": "limits", "options": [typed]}
    sent = fake_discord.interactions.dispatch(
        InteractionType.COMMAND, ada.user, harness.channel, data
    )
    assert "Manage Server" in (await sent.until_answered(within=60)).text
    assert "set for" not in await say(ada, harness.channel, "quota")


async def test_the_best_role_counts_and_a_members_own_limit_beats_it(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, maxim: MemberClient
) -> None:
    """Member, role, each member, the service: the first of them that is set."""
    world, guild = fake_discord.world, ada.guild
    low = world.add_role(guild, "Low", Permission(0))
    high = world.add_role(guild, "High", Permission(0))
    await set_day(maxim, harness.channel, "1")
    await set_day(maxim, harness.channel, "2", role=low)
    await set_day(maxim, harness.channel, "3", role=high)
    assert "of $1.00 left" in await say(ada, harness.channel, "quota")
    world.set_roles(guild, ada.user, low, high)
    shown = await say(ada, harness.channel, "quota")
    assert "of $3.00 left" in shown
    assert f"set for <@&{high.id}>" in shown
    await set_day(maxim, harness.channel, "none", role=low)
    assert "Today: no limit" in await say(ada, harness.channel, "quota")
    await set_day(maxim, harness.channel, "0.5", user=ada.user)
    assert "of $0.50 left" in await say(ada, harness.channel, "quota")
    await say(maxim, harness.channel, "limits clear", {"period": "day", "user": ada.user})
    assert "Today: no limit" in await say(ada, harness.channel, "quota")


async def test_a_deleted_roles_limit_does_nothing_and_says_so(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient, fake_discord: FakeDiscord
) -> None:
    """It stays in the list of what is set until it is cleared."""
    limit = Limit(
        target=LimitTarget.ROLE, kind=LimitKind.DAY, amount=5, guild_id=ada.guild.id, subject_id=9
    )
    await set_limit(harness.context, limit, Actor(maxim.id, 1))
    assert "role deleted, no effect" in await say(maxim, harness.channel, "limits show")
    assert "Today: no limit" in await say(ada, harness.channel, "quota")


@pytest.mark.parametrize(
    "amount",
    ["-1", "$-2.50", "1e9", "NaN", "inf", "5,00", "1000000.01", "9999999999", "0x5", "\u0665"],
)
async def test_an_amount_is_plain_dollars_or_it_is_refused(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient, amount: str
) -> None:
    """Each wrong one is named, nothing is set, and nothing is granted."""
    for command in ("limits set", "grant"):
        options = {"amount": amount}
        options |= {"period": "day"} if command == "limits set" else {"user": ada.user}
        assert "I can't read" in await say(maxim, harness.channel, command, options)
    assert "Recent changes" not in await say(maxim, harness.channel, "limits show")


async def test_zero_lets_nothing_be_spent_and_grants_nothing(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient
) -> None:
    """A limit of nothing is a limit; a grant of nothing is none."""
    assert "can now spend $0.00 a day" in await set_day(maxim, harness.channel, "$0")
    assert "Video spending is off for you here." in await say(ada, harness.channel, "video", SMALL)
    nothing = await say(maxim, harness.channel, "grant", {"user": ada.user, "amount": "0"})
    assert "above zero" in nothing
    none = await say(maxim, harness.channel, "grant", {"user": ada.user, "amount": "none"})
    assert "I can't read" in none


async def test_a_user_and_a_role_at_once_are_refused(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, maxim: MemberClient
) -> None:
    """It would be unclear which of them was meant."""
    role = fake_discord.world.add_role(ada.guild, "Low", Permission(0))
    both = {"user": ada.user, "role": role}
    assert "not both" in await set_day(maxim, harness.channel, "5", **both)
    cleared = await say(maxim, harness.channel, "limits clear", {"period": "day", **both})
    assert "not both" in cleared


async def test_a_limit_set_below_what_is_held_lets_it_be(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient, database: Database
) -> None:
    """The hold stays, its charge will not fail, and nothing more fits until the next day."""
    await harness.order_video(ada, "video", SMALL)
    await set_day(maxim, harness.channel, "0.05", user=ada.user)
    assert "more than your daily limit of $0.05" in await say(ada, harness.channel, "video", SMALL)
    assert await harness.job_count() == 1
    harness.clock_offset_ms += _DAY_MS
    await set_day(maxim, harness.channel, "0.1", user=ada.user)
    assert "on its way" in await say(ada, harness.channel, "video", SMALL)
    await clean(database)


async def test_of_two_managers_at_once_both_are_written_down(
    harness: BotHarness, maxim: MemberClient, fake_discord: FakeDiscord
) -> None:
    """One limit counts in the end, and each change names what the other had set."""
    olga = fake_discord.member("Olga")
    await asyncio.gather(
        set_day(maxim, harness.channel, "1"),
        set_day(olga, harness.channel, "2"),
    )
    shown = await say(olga, harness.channel, "limits show")
    later = "$1.00 → $2.00" if "$1.00 → $2.00" in shown else "$2.00 → $1.00"
    assert f"default → {later[:5]}" in shown
    assert later in shown


async def test_one_who_left_keeps_a_limit_and_gets_no_grant(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient, fake_discord: FakeDiscord
) -> None:
    """What is set counts when they come back; it can be seen and cleared meanwhile."""
    guild = ada.guild
    del guild.members[ada.id]
    assert "isn't on this server right now" in await set_day(
        maxim, harness.channel, "5", user=ada.user
    )
    refused = await say(maxim, harness.channel, "grant", {"user": ada.user, "amount": "5"})
    assert "isn't on this server" in refused
    seen = await say(maxim, harness.channel, "quota", {"user": ada.user})
    assert "of $5.00 left" in seen
    fake_discord.world.add_member(guild, ada.user)
    assert "of $5.00 left" in await say(ada, harness.channel, "quota")
    del guild.members[ada.id]
    cleared = await say(maxim, harness.channel, "limits clear", {"period": "day", "user": ada.user})
    assert "'s $5.00 daily limit. The server's limit applies." in cleared


async def test_a_cooldown_says_when_and_a_cap_at_once_says_how_many(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient
) -> None:
    """Both are limits as the others are, for each member; none lifts one."""

    async def put(kind: LimitKind, amount: int | None) -> None:
        limit = Limit(target=LimitTarget.MEMBERS, kind=kind, amount=amount, guild_id=ada.guild.id)
        await set_limit(harness.context, limit, Actor(maxim.id, next(clicks)))

    clicks = count(1)

    await put(LimitKind.COOLDOWN, 600)
    await harness.order_video(ada, "video", SMALL)
    said = await say(ada, harness.channel, "video", SMALL)
    assert "This server has a cooldown of 600 s." in said
    assert "You can make your next video <t:" in said
    harness.clock_offset_ms += 601_000
    await harness.order_video(ada, "video", SMALL)
    assert "600 s between videos" in await say(ada, harness.channel, "quota")
    await put(LimitKind.COOLDOWN, None)
    await put(LimitKind.IN_FLIGHT, 2)
    assert "You can make 2 videos at once" in await say(ada, harness.channel, "video", SMALL)
    assert await harness.job_count() == 2
