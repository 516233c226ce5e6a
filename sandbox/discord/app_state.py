"""State that the routes share."""

from dataclasses import dataclass

from sandbox.discord.cdn import Cdn
from sandbox.discord.commands import CommandRegistry
from sandbox.discord.config import DiscordConfig
from sandbox.discord.faults import FaultQueue
from sandbox.discord.gateway import Gateway
from sandbox.discord.interactions import InteractionRegistry
from sandbox.discord.journal import RequestJournal
from sandbox.discord.rate_limits import RateLimits
from sandbox.discord.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """The parts of the stand-in, each there once."""

    config: DiscordConfig
    world: World
    cdn: Cdn
    commands: CommandRegistry
    interactions: InteractionRegistry
    gateway: Gateway
    journal: RequestJournal
    faults: FaultQueue
    rate_limits: RateLimits
