"""Configuration of the stand-in."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.discord.recording import record_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordConfig:
    """Everything that can be set before the start; the defaults behave as Discord documents.

    Attributes:
        host: the address to listen on; attachment links carry it. Any but this machine's own lets
            everyone who reaches it use the page.
        port: 0 takes a free one.
        token: the one bot token that is accepted; another one each time by default.
        ack_seconds: how long an interaction waits for its first answer.
        token_seconds: how long an interaction's token lives.
        nonce_seconds: how long a message's nonce is remembered.
        link_seconds: how long a signed attachment link is valid.
        heartbeat_seconds: how often a client has to send a heartbeat.
        resume_seconds: how long a session waits for its client to resume it.
        shards: how many shards are recommended.
        guilds_per_shard: above which number of servers a session is refused: sharding required.
        max_concurrency: how many sessions of different shards may begin at once.
        identify_seconds: how long a bucket of shards waits after one of its sessions has begun.
        sessions_per_day: after which number of sessions the token is reset.
        sends_per_window: messages and, apart from them, edits in a channel within five seconds.
        token_sends_per_window: requests with one interaction's token within two seconds.
        requests_per_second: requests of the bot within one second, interactions not counted.
        request_bytes: the largest body of any request.
        message_bytes: the largest request with a message, files included, where no single file
            may be larger.
        command_creates_per_day: new command names in one place within a day.
        record_folder: where each request is written down, if anywhere.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    ack_seconds: float = 3.0
    token_seconds: float = 15 * 60.0
    nonce_seconds: float = 5 * 60.0
    link_seconds: float = 24 * 3600.0
    heartbeat_seconds: float = 41.25
    resume_seconds: float = 120.0
    shards: int = 1
    guilds_per_shard: int = 2500
    max_concurrency: int = 1
    identify_seconds: float = 5.0
    sessions_per_day: int = 1000
    sends_per_window: int = 5
    token_sends_per_window: int = 5
    requests_per_second: int = 50
    request_bytes: int = 500 * 1024 * 1024
    message_bytes: int = 25 * 1024 * 1024
    command_creates_per_day: int = 200
    record_folder: Path | None = field(default_factory=record_folder)
