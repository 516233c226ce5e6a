"""The languages of messages that no interaction answers.

A public message has the language that its server chose, else the one of a Community server: the
others always send American English. A direct message has its member's.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final, Protocol, TypeAlias, TypeVar, cast

from cachetools import TTLCache

from cogs.publishing.places import Places
from cogs.ui.i18n import speaking
from domain.job_view import JobView
from workflow.errors import PublishError, TemporaryPublishError
from workflow.publisher import ReleaseNotice, StatusView, TakesPost

_MAX_SERVERS: Final = 10_000
_TTL_S: Final = 60

ReadLanguage = Callable[[int], Awaitable[str | None]]
"""Reads the language that a server chose, by its id."""


async def _nothing_chosen(_guild_id: int) -> str | None:
    return None


class MessageLanguages:
    """Finds the languages, by `places`; None is the service's own."""

    def __init__(self, places: Places, read_chosen: ReadLanguage = _nothing_chosen) -> None:
        self.places = places
        self._read_chosen = read_chosen
        self._chosen = TTLCache[int, str | None](_MAX_SERVERS, ttl=_TTL_S)

    async def of_server(self, guild_id: int) -> str | None:
        """Return the language of public messages; a choice counts after a minute at the latest."""
        if guild_id not in self._chosen:
            self._chosen[guild_id] = await self._read_chosen(guild_id)
        return self._chosen[guild_id] or await self._preferred(guild_id)

    def forget(self, guild_id: str) -> None:
        """Read a server's choice again; every one's if the id is empty."""
        if guild_id:
            self._chosen.pop(int(guild_id), None)
        else:
            self._chosen.clear()

    async def of_job(self, job: JobView) -> str | None:
        """Return the language of the messages about a job, where they are posted first."""
        return job.language if job.private else await self.of_server(job.guild_id)

    async def _preferred(self, guild_id: int) -> str | None:
        try:
            guild = await self.places.find_guild(guild_id)
        except TemporaryPublishError:
            raise
        except PublishError:
            return None  # the bot is not there
        return str(guild.preferred_locale) if "COMMUNITY" in guild.features else None


class _Speaker(Protocol):
    @property
    def languages(self) -> MessageLanguages: ...


_Subject: TypeAlias = JobView | StatusView | TakesPost

MethodT = TypeVar("MethodT", bound=Callable[..., Awaitable[Any]])


def in_its_language(method: MethodT) -> MethodT:
    """Let a method speak the language of the place where messages about its job are posted."""

    @wraps(method)
    async def speak(self: _Speaker, about: _Subject, *args: Any, **kwargs: Any) -> Any:
        job = about if isinstance(about, JobView) else about.job
        with speaking(await self.languages.of_job(job)):
            return await method(self, about, *args, **kwargs)

    return cast("MethodT", speak)


def to_its_member(method: MethodT) -> MethodT:
    """Let a method speak the language of the member to whom its direct message goes."""

    @wraps(method)
    async def speak(
        self: object, about: JobView | ReleaseNotice | TakesPost, *args: Any, **kwargs: Any
    ) -> Any:
        language = about.job.language if isinstance(about, TakesPost) else about.language
        with speaking(language):
            return await method(self, about, *args, **kwargs)

    return cast("MethodT", speak)
