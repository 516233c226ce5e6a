"""A local stand-in for Discord, strict as the original, over real HTTP and WebSocket."""

from sandbox.discord.command_validation import Upload
from sandbox.discord.config import DiscordConfig
from sandbox.discord.errors import ClientActionRefused, WaitTimeoutError
from sandbox.discord.faults import Fault, FaultQueue
from sandbox.discord.interactions import Interaction
from sandbox.discord.journal import RecordedRequest, RequestJournal
from sandbox.discord.member_client import MemberClient
from sandbox.discord.models import Attachment, Channel, Guild, Message, Permission, Role, User
from sandbox.discord.server import FakeDiscord
from sandbox.discord.world import World

__all__ = [
    "Attachment",
    "Channel",
    "ClientActionRefused",
    "DiscordConfig",
    "FakeDiscord",
    "Fault",
    "FaultQueue",
    "Guild",
    "Interaction",
    "MemberClient",
    "Message",
    "Permission",
    "RecordedRequest",
    "RequestJournal",
    "Role",
    "Upload",
    "User",
    "WaitTimeoutError",
    "World",
]
