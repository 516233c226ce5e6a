"""Registration of the commands at Discord: they are fetched, compared, and replaced if they differ.

It runs beside everything else. A version never replaces what a higher one has registered on the
same database: of two deployments of one bot, the older would take the newer one's commands away.
And while a process of a lower version answers members it waits, for that one lacks the new ones.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import discord
import structlog
from discord import app_commands
from discord.http import Route

from bot.command_drift import Definition, compare_commands
from bot.pauses import growing_pause_s
from bot.rest_failures import describe_failure, is_refusal, requested_pause_s
from bot.version import VERSION
from cogs.ui.command_mentions import remember_commands
from domain.errors import Outage
from domain.versions import version_key
from storage.key_value import KeyValueStore

_log = structlog.get_logger(__name__)

_LONGEST_PAUSE_S: Final = 3_600.0
_OLDER_PAUSE_S: Final = 5.0
_DAILY_CREATES_USED_UP: Final = 30034

_Command = app_commands.Command[Any, ..., Any] | app_commands.ContextMenu | app_commands.Group


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """The commands of the highest version that ran on a database, and that version."""

    version: str
    definitions: Sequence[Definition]

    @classmethod
    async def read(cls, key_values: KeyValueStore, application_id: int) -> Self | None:
        """Return the record of an application, or None before its first registration."""
        text = await key_values.get(_key(application_id))
        return None if text is None else cls(**json.loads(text))

    async def write(self, key_values: KeyValueStore, application_id: int) -> None:
        """Record this version's commands as the ones that an application is to have."""
        text = json.dumps({"version": self.version, "definitions": list(self.definitions)})
        await key_values.put(_key(application_id), text)


async def _nobody() -> bool:
    return False


class CommandRegistration:
    """Registers the commands of a client's tree, however long Discord takes.

    `has_older` says whether a process of a lower version answers members.
    """

    def __init__(
        self,
        client: discord.Client,
        tree: app_commands.CommandTree[Any],
        key_values: KeyValueStore,
        *,
        has_older: Callable[[], Awaitable[bool]] = _nobody,
        version: str = VERSION,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._tree = tree
        self._key_values = key_values
        self._has_older = has_older
        self._version = version
        self._sleep = sleep

    async def run(self) -> None:
        """Compare and register, again after growing pauses until it is done or finally refused."""
        failures = 0
        while True:
            try:
                await self._wait_for_older()
                await self._check()
            except Exception as error:  # noqa: BLE001 - a malformed answer raises anything
                failures += 1
                if is_refusal(error) and not _is_daily_limit(error):
                    _log.error("commands refused by Discord", error=describe_failure(error))
                    return
                await self._pause(error, failures)
            else:
                return

    async def _wait_for_older(self) -> None:
        if not await self._has_older():
            return
        _log.info("commands wait for older processes")
        while await self._has_older():
            await self._sleep(_OLDER_PAUSE_S)

    async def _pause(self, error: Exception, failures: int) -> None:
        pause_s = growing_pause_s(failures, _LONGEST_PAUSE_S)
        if _is_daily_limit(error):
            pause_s = _LONGEST_PAUSE_S
        pause_s = max(pause_s, requested_pause_s(error))
        reason = str(error) if isinstance(error, Outage) else describe_failure(error)
        _log.warning("commands not registered", error=reason, retry_in_s=round(pause_s))
        await self._sleep(pause_s)

    async def _check(self) -> None:
        application_id = self._client.application_id
        assert application_id is not None, "known since the login"
        own = [await self._definition(command) for command in self._tree.get_commands()]
        record = await CommandRecord.read(self._key_values, application_id)
        is_newest = record is None or version_key(record.version) <= version_key(self._version)
        if is_newest and (record is None or record != CommandRecord(self._version, own)):
            # Before the registration: an older process that starts meanwhile leaves it alone.
            await CommandRecord(self._version, own).write(self._key_values, application_id)
        registered = await self._fetch(application_id)
        remember_commands(registered)
        drift = compare_commands(own, registered)
        if not drift:
            _log.debug("commands compared", count=len(own))
        elif is_newest:
            upsert = self._client.http.bulk_upsert_global_commands
            remember_commands(await upsert(application_id, payload=own))
            _log.info("commands registered", count=len(own), drift=drift.loggable)
        else:
            assert record is not None, "only a record makes this version an older one"
            _log.warning(
                "commands of a newer version kept",
                registered_by=record.version,
                own=self._version,
                drift=drift.loggable,
            )

    async def _fetch(self, application_id: int) -> list[Definition]:
        """Return what is registered, with every translation, which the library does not ask for."""
        route = Route(
            "GET", "/applications/{application_id}/commands", application_id=application_id
        )
        params = {"with_localizations": "true"}
        registered: list[Definition] = await self._client.http.request(route, params=params)
        return registered

    async def _definition(self, command: _Command) -> dict[str, Any]:
        """Return the payload with which the library registers a command."""
        translator = self._tree.translator
        if translator is None:
            return command.to_dict(self._tree)
        return await command.get_translated_payload(self._tree, translator)


def _key(application_id: int) -> str:
    return f"commands of {application_id}"


def _is_daily_limit(error: Exception) -> bool:
    return isinstance(error, discord.HTTPException) and error.code == _DAILY_CREATES_USED_UP
