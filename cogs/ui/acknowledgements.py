"""Requests by an interaction's token: acknowledgements and follow-ups are never sent twice.

Discord takes no nonce with them, and the library repeats them where an answer is lost. Here each
is sent once; where the answer to an acknowledgement is lost, a look shows if one took effect. It
may be another process's, so a claim decides whose work goes on.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, cast

import aiohttp
import discord
import structlog
from discord.http import MultipartParameters, Route
from discord.webhook.async_ import AsyncWebhookAdapter

_log = structlog.get_logger(__name__)

_ANSWER_S: Final = 5
"""Seconds to wait for the answer to an acknowledgement; Discord refuses it after three."""

_LOOK_PAUSES_S: Final = (0.1, 0.4, 1, 2)
"""Seconds before each look; until the last one, an acknowledgement may still take effect."""

_REPEAT_PAUSES_S: Final = (0.5, 1, 2, 4)
_REPEATABLE: Final = frozenset({"GET", "PATCH"})

_DEFERRALS: Final = frozenset(
    {
        discord.InteractionResponseType.deferred_channel_message,
        discord.InteractionResponseType.deferred_message_update,
    }
)
"""Acknowledgements that work follows; any other is the whole answer."""

_UNKNOWN_MESSAGE: Final = 10008
_UNKNOWN_WEBHOOK: Final = 10015


class DropReason(StrEnum):
    """Why nothing is done for an interaction."""

    ANSWERED = "answered"
    """Somebody else has acknowledged it."""

    LATE = "late"
    """Discord no longer waits for its acknowledgement."""

    LOST = "lost"
    """The acknowledgement did not arrive, or nobody can tell."""


_REASONS: Final = MappingProxyType({40060: DropReason.ANSWERED, 10062: DropReason.LATE})
"""By Discord's code for a refused acknowledgement."""


class NotAcknowledged(Exception):
    """No acknowledgement of ours took effect, so nothing is done, and nothing more is sent."""


class AnswerLost(ConnectionError):
    """No usable answer came; the request may have taken effect."""


async def _claim_any(_interaction_id: int) -> bool:
    await asyncio.sleep(0)
    return True


@dataclass(frozen=True, slots=True)
class SharedInteractions:
    """How processes share the interactions that several of them receive.

    `claim` returns whether this process is the one that goes on with an interaction, by its id;
    `is_alone` returns whether it receives them alone, as far as is known: another one may have
    fallen silent without having ended. Where it `is_sole` there never is another.
    """

    claim: Callable[[int], Awaitable[bool]] = _claim_any
    is_alone: Callable[[], bool] = lambda: True
    is_sole: bool = True


class InteractionAdapter(AsyncWebhookAdapter):
    """The library's adapter for tokens, without repeats of what would take effect twice.

    `application_id` is asked for when an answer is lost. `count_dropped` is called with the reason
    why nothing is done for an interaction.
    """

    def __init__(
        self,
        application_id: Callable[[], int],
        count_dropped: Callable[[str], None],
        shared: SharedInteractions,
    ) -> None:
        super().__init__()
        self._application_id = application_id
        self._count_dropped = count_dropped
        self._shared = shared

    async def request(self, route: Route, session: aiohttp.ClientSession, **options: Any) -> Any:
        """Send a request; where its answer is lost, one that reads or edits is repeated.

        Raises:
            AnswerLost: no usable answer came.
            discord.HTTPException: Discord refused.
        """
        once = cast("aiohttp.ClientSession", _UnrepeatedSession(session))
        for pause_s in _REPEAT_PAUSES_S if route.method in _REPEATABLE else ():
            try:
                return await super().request(route, once, **options)
            except AnswerLost:
                await asyncio.sleep(pause_s)
                for file in options.get("files") or ():
                    file.reset(seek=True)
        return await super().request(route, once, **options)

    async def create_interaction_response(
        self,
        interaction_id: int,
        token: str,
        *,
        session: aiohttp.ClientSession,
        proxy: str | None = None,
        proxy_auth: aiohttp.BasicAuth | None = None,
        params: MultipartParameters,
    ) -> Any:
        """Acknowledge an interaction; return the callback as Discord describes it.

        What another process may go on with too is claimed first.

        Raises:
            NotAcknowledged: somebody else did, or it is too late, or it did not arrive.
            discord.HTTPException: Discord refused for another reason.
        """
        kind = _response_type(params)
        connection: dict[str, Any] = {"session": session, "proxy": proxy, "proxy_auth": proxy_auth}
        answer = await self._acknowledge(interaction_id, token, params, kind, connection)
        is_in_doubt = kind in _DEFERRALS and not (answer and self._shared.is_sole)
        if answer is None:
            answer = await self._recover(interaction_id, token, kind, connection)
        if is_in_doubt and not await self._shared.claim(interaction_id):
            return self._drop(interaction_id, kind, DropReason.ANSWERED)
        return answer

    async def _acknowledge(
        self,
        interaction_id: int,
        token: str,
        params: MultipartParameters,
        kind: discord.InteractionResponseType,
        connection: Mapping[str, Any],
    ) -> Mapping[str, Any] | None:
        """Return the callback; None if its answer is lost, or a proxy's."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                responding = super().create_interaction_response(
                    interaction_id, token, params=params, **connection
                )
                answer = cast("object", await responding)
        except discord.HTTPException as error:
            if error.code not in _REASONS:
                raise
            return self._drop(interaction_id, kind, _REASONS[error.code])
        except (AnswerLost, TimeoutError):
            return None
        return cast("Mapping[str, Any]", answer) if isinstance(answer, dict) else None

    async def _recover(
        self,
        interaction_id: int,
        token: str,
        kind: discord.InteractionResponseType,
        connection: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Return the callback whose answer was lost, if a look shows that it took effect."""
        message = None
        if kind is not discord.InteractionResponseType.autocomplete_result:
            message = await self._find_original(token, connection)
        if message is None:
            return self._drop(interaction_id, kind, DropReason.LOST)
        _log.info("acknowledgement found", interaction=interaction_id)
        return _describe_callback(interaction_id, kind, message)

    async def _find_original(
        self, token: str, connection: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Return the original response, empty if it has no message; None if none is found."""
        for pause_s in _LOOK_PAUSES_S:
            await asyncio.sleep(pause_s)
            try:
                message = await self.get_original_interaction_response(
                    self._application_id(), token, **connection
                )
            except discord.HTTPException as error:
                if error.code == _UNKNOWN_MESSAGE:  # a form is no message
                    return {}
                if error.code != _UNKNOWN_WEBHOOK:
                    return None
            except AnswerLost:
                return None
            else:
                return message
        return None

    def _drop(
        self, interaction_id: int, kind: discord.InteractionResponseType, reason: DropReason
    ) -> Mapping[str, Any]:
        """Raise `NotAcknowledged`, except for suggestions, which nothing follows."""
        self._count_dropped(reason)
        if kind is discord.InteractionResponseType.autocomplete_result:
            return {}
        match reason:
            case DropReason.ANSWERED:
                _log.debug("interaction answered elsewhere", interaction=interaction_id)
            case DropReason.LATE if self._shared.is_alone():
                _log.warning("interaction answered too late", interaction=interaction_id)
            case DropReason.LATE:  # perhaps by this one alone of several
                _log.debug("interaction answered too late", interaction=interaction_id)
            case DropReason.LOST:
                _log.warning("acknowledgement lost", interaction=interaction_id)
        raise NotAcknowledged(reason)


class _UnrepeatedSession:
    """A session that raises `AnswerLost` where the library would repeat a request."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @asynccontextmanager
    async def request(
        self, method: str, url: str, **options: Any
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """Send a request, and give its answer to be read."""
        try:
            async with self._session.request(method, url, **options) as response:
                if response.status >= 500:
                    raise AnswerLost(f"Discord answered {response.status}")
                yield response
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise AnswerLost(f"no answer from Discord ({type(error).__name__})") from error


def _response_type(params: MultipartParameters) -> discord.InteractionResponseType:
    assert params.payload is not None, "no acknowledgement carries a file"
    return discord.InteractionResponseType(params.payload["type"])


def _describe_callback(
    interaction_id: int, kind: discord.InteractionResponseType, message: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what Discord would have answered to an acknowledgement that took effect."""
    interaction: dict[str, Any] = {"id": str(interaction_id)}
    if not message:
        return {"interaction": interaction}
    flags = message.get("flags", 0)
    interaction |= {
        "response_message_id": message["id"],
        "response_message_loading": bool(flags & discord.MessageFlags.loading.flag),
        "response_message_ephemeral": bool(flags & discord.MessageFlags.ephemeral.flag),
    }
    if kind is discord.InteractionResponseType.channel_message:
        return {
            "interaction": interaction,
            "resource": {"type": kind.value, "message": message},
        }
    return {"interaction": interaction}
