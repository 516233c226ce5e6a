"""The judge of three processes sees each kind of harm, and excuses what a kill explains."""

from pathlib import Path
from typing import Any, cast

import pytest

from domain.shards import shard_of
from qa.cluster import verdict
from qa.cluster.orders import Shop
from qa.cluster.processes import Cluster, Kill, Outage
from qa.cluster.verdict import Scene
from sandbox.apixo import FakeApixo
from sandbox.demo.process import ServiceProcess
from sandbox.discord import FakeDiscord, Interaction
from sandbox.discord.interactions import InteractionType

SHARDS = 4
ACK_S = 3.0


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Have a process that logged a line, and an interaction that nobody has answered yet."""
    discord, apixo, nowhere = FakeDiscord(), FakeApixo(), cast("Any", None)
    service = ServiceProcess(command=(), folder=tmp_path, environment={})
    service.log.write_text('{"event": "starting", "level": "info"}\n')
    shop = Shop(discord, nowhere, 1)
    world = discord.world
    typed = Interaction(
        world.ids.next(),
        InteractionType.COMMAND,
        world.user("Ada"),
        discord.channel("videos"),
        {"type": 1, "name": "video"},
        world.changes,
    )
    shop.interactions.append(typed)
    return Scene(apixo, discord, shop, Cluster([service], discord, nowhere, SHARDS), {}, ACK_S)


def shard_in(scene: Scene) -> int:
    return shard_of(scene.discord.world.guild().id, SHARDS)


def found(scene: Scene) -> list[str]:
    return [
        *verdict._of_the_interactions(scene),
        *verdict._of_the_outages(scene.cluster),
        *verdict._of_the_log(scene),
    ]


def test_what_nobody_acknowledged_is_harm_unless_its_shard_was_lost(scene: Scene):
    """Just before it came, by a kill; another shard excuses nothing, nor does an earlier kill."""
    (one,) = scene.shop.interactions
    one.failed = True
    own, at_s = shard_in(scene), one.created_at
    scene.cluster.outages += [
        Outage((own + 1) % SHARDS, at_s - 1, at_s + 5),
        Outage(own, at_s - 60, at_s - 50),
    ]
    assert "was acknowledged by nobody" in found(scene)[0]
    scene.cluster.outages.append(Outage(own, at_s - 1, at_s + 5))
    assert found(scene) == []


def test_what_goes_on_thinking_is_harm_unless_its_process_was_killed(scene: Scene):
    """Also one that had given the shard away since; not one that never had it."""
    (one,) = scene.shop.interactions
    own, at_s = shard_in(scene), one.created_at
    scene.cluster.kills.append(Kill(at_s + 1, frozenset({(own + 1) % SHARDS})))
    assert "goes on thinking" in found(scene)[0]
    scene.cluster.kills.append(Kill(at_s + 1, frozenset({0, 1, 2, 3})))
    assert found(scene) == []


def test_a_shard_that_nobody_hears_of_for_too_long_is_harm(scene: Scene):
    """After 45 seconds."""
    scene.shop.interactions.clear()
    scene.cluster.outages += [Outage(0, 100, 144), Outage(1, 100, 146)]
    assert found(scene) == ["silent: nobody heard of shard 1 for 46 s"]


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ('{"event": "job quarantined", "level": "error"}', 1),
        ("Traceback (most recent call last):", 1),
        ('{"event": "submission interrupted", "level": "error"}', 0),
        ('{"event": "destination not checked", "level": "warning"}', 0),
    ],
)
def test_an_error_in_a_log_is_harm(scene: Scene, line: str, count: int):
    """But for what the operator has to be told of a task whose answer is lost."""
    scene.shop.interactions.clear()
    with scene.cluster.services[0].log.open("a") as log:
        log.write(f"{line}\n")
    assert len(found(scene)) == count


def test_a_process_that_ends_by_itself_is_harm(scene: Scene):
    """Nobody asked it to."""
    scene.shop.interactions.clear()
    scene.cluster.odd_ends.append(1)
    assert found(scene) == ["silent: a process ended with 1"]
