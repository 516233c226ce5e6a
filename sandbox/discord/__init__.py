"""A local stand-in for Discord, strict as the original, over real HTTP and WebSocket."""

from sandbox.discord.command_validation import Upload
from sandbox.discord.config import DiscordOptions
from sandbox.discord.errors import ClientRefused, NotSeen
from sandbox.discord.faults import Fault, Faults
from sandbox.discord.interactions import Interaction
from sandbox.discord.journal import Entry, Journal
from sandbox.discord.member_client import Person
from sandbox.discord.models import Attachment, Channel, Guild, Message, Permission, Role, User
from sandbox.discord.server import DiscordStandIn
from sandbox.discord.world import World

__all__ = [
    "Attachment",
    "Channel",
    "ClientRefused",
    "DiscordOptions",
    "DiscordStandIn",
    "Entry",
    "Fault",
    "Faults",
    "Guild",
    "Interaction",
    "Journal",
    "Message",
    "NotSeen",
    "Permission",
    "Person",
    "Role",
    "Upload",
    "User",
    "World",
]
