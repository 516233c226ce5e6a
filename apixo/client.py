"""HTTP client for the APIXO API: three requests, each sent exactly once."""

import json
import re
from contextlib import AsyncExitStack
from typing import Final, Self

import aiohttp
from pydantic import SecretStr
from yarl import URL

from apixo.errors import ApixoError, InvalidResponse, NoResponse, NotSent
from apixo.parsing import plain_text
from apixo.requests import build_submission
from apixo.responses import RawResponse, RequestContext, parse_response
from apixo.schemas import MAX_DETAIL_CHARS, TaskStatus, parse_balance, parse_status, parse_task_id
from domain.models import ModelId
from domain.money import MicroUSD
from domain.requests import VideoRequest

MAX_BODY_BYTES: Final = 1024 * 1024

_NOT_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)
_UNREADABLE = (aiohttp.ClientPayloadError, aiohttp.ClientResponseError)


class ApixoClient:
    """APIXO's API for one key; usable while its context is open.

    Every method raises subclasses of ApixoError only. The key is sent to `base_url` only: redirects
    are not followed and proxies from the environment are not used.

    Args:
        base_url: with the version, such as `https://api.apixo.ai/api/v1`.
        key: the API key.
        connect_s: seconds to connect, TLS included. A request that fails in this time was not sent.
            Keep it below the other two: their timeouts leave the outcome unknown.
        submit_s: seconds for a whole submission; APIXO fetches and measures reference files first.
        ask_s: seconds for any other request.
        trace: an aiohttp trace config that observes every request.

    Raises:
        ValueError: the key is not one word of ASCII.
    """

    def __init__(
        self,
        base_url: str,
        key: SecretStr,
        *,
        connect_s: float = 10,
        submit_s: float = 90,
        ask_s: float = 30,
        trace: aiohttp.TraceConfig | None = None,
    ) -> None:
        if not re.fullmatch(r"[!-~]+", key.get_secret_value()):
            raise ValueError("the API key must be one word of ASCII")
        self._root = URL(base_url)
        self._key = key
        self._connect_s = connect_s
        self._submit_s = submit_s
        self._ask_s = ask_s
        self._traces = [] if trace is None else [trace]
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the sessions; connections are made on first use."""
        async with AsyncExitStack() as stack:
            self._ask_session = await stack.enter_async_context(
                self._session(self._ask_s, aiohttp.TCPConnector())
            )
            # The server may close a kept-alive connection just as it is reused. A submission lost
            # that way looks like one that arrived, so each one gets a new connection.
            self._submit_session = await stack.enter_async_context(
                self._session(self._submit_s, aiohttp.TCPConnector(force_close=True))
            )
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every connection."""
        await self._stack.aclose()

    async def submit(self, request: VideoRequest, callback_url: str | None = None) -> str:
        """Submit a request once and return the task id; see `ApixoError.task_may_exist`."""
        body = json.dumps(build_submission(request, callback_url)).encode()
        url = self._root / "generateTask" / request.model
        response = await self._exchange(self._submit_session, "POST", url, body)
        return parse_response(response, RequestContext(prompt=request.prompt), parse_task_id)

    async def fetch_status(self, model: ModelId, task_id: str) -> TaskStatus:
        """Fetch the status of a task, under the model it was submitted to."""
        url = (self._root / "statusTask" / model).with_query(taskId=task_id)
        response = await self._exchange(self._ask_session, "GET", url)
        context = RequestContext(task_id=task_id)
        return parse_response(response, context, lambda data: parse_status(data, task_id))

    async def fetch_balance(self) -> MicroUSD:
        """Fetch the balance that is left on the key."""
        url = self._root / "apikeys" / "current-balance"
        response = await self._exchange(self._ask_session, "GET", url)
        return parse_response(response, RequestContext(), parse_balance)

    def _session(self, total_s: float, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=total_s, connect=self._connect_s),
            headers={
                "Authorization": f"Bearer {self._key.get_secret_value()}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
            cookie_jar=aiohttp.DummyCookieJar(),
            # Decompression bombs: compression is neither requested nor undone.
            auto_decompress=False,
            trust_env=False,
            trace_configs=self._traces,
        )

    async def _exchange(
        self, session: aiohttp.ClientSession, method: str, url: URL, body: bytes | None = None
    ) -> RawResponse:
        headers = {"Content-Type": "application/json"} if body is not None else None
        try:
            async with session.request(
                method, url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return await self._read(response)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            failure = _failure(error)
        raise failure  # outside the handler: aiohttp's errors hold the key and would be its context

    async def _read(self, response: aiohttp.ClientResponse) -> RawResponse:
        body = bytearray()
        async for chunk in response.content.iter_chunked(65_536):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise InvalidResponse("the answer is too long", http_status=response.status)
        key = self._key.get_secret_value().encode()
        return RawResponse(
            http_status=response.status,
            body=bytes(body).replace(key, b"[key]"),
            retry_after=response.headers.get("Retry-After"),
        )


def _failure(error: Exception) -> ApixoError:
    """Map an aiohttp error by what had been sent.

    Only the text of a connection error is free of secrets.
    """
    if isinstance(error, _NOT_CONNECTED):
        return NotSent(plain_text(str(error), MAX_DETAIL_CHARS))
    if isinstance(error, _UNREADABLE):
        return InvalidResponse("the answer was cut off or is no HTTP")
    if isinstance(error, TimeoutError):
        return NoResponse("no answer in time")
    return NoResponse("the connection broke before an answer came")
