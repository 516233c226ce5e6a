"""Knows everything that the routes work with."""

from dataclasses import dataclass

from sandbox.discord.cdn import Cdn
from sandbox.discord.commands import CommandBook
from sandbox.discord.config import DiscordOptions
from sandbox.discord.faults import Faults
from sandbox.discord.gateway import Gateway
from sandbox.discord.interactions import Interactions
from sandbox.discord.journal import Journal
from sandbox.discord.rate_limits import Limits
from sandbox.discord.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """The parts of the stand-in, each there once."""

    options: DiscordOptions
    world: World
    cdn: Cdn
    commands: CommandBook
    interactions: Interactions
    gateway: Gateway
    journal: Journal
    faults: Faults
    limits: Limits
