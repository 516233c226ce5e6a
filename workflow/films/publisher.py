"""The publisher of films: what their worker shows to members, independent of Discord."""

from typing import Protocol

from domain.films import FilmView
from workflow.publisher import ResultPayload


class FilmPublisher(Protocol):
    """Posts the messages of films.

    Every method raises `PublishError`. Posts carry a nonce made from the film's id, so a repeat
    within Discord's window returns the same message.
    """

    @property
    def is_ready(self) -> bool:
        """Return whether Discord has been reached; nothing is posted before."""
        ...

    async def max_file_bytes(self, film: FilmView, *, by_dm: bool = False) -> int:
        """Return the upload limit in bytes where a film is posted."""
        ...

    async def post_film(self, film: FilmView, payload: ResultPayload) -> int:
        """Post a film to its channel, a private one to its member; return the message's id."""
        ...

    async def send_film_by_dm(self, film: FilmView, payload: ResultPayload) -> int:
        """Send a film to its member's direct messages; return the message's id."""
        ...

    async def find_film(self, film: FilmView, since_ms: int) -> int | None:
        """Find a film posted since `since_ms` where `post_film` posts it; return the id."""
        ...

    async def find_film_dm(self, film: FilmView, since_ms: int) -> int | None:
        """Find a film sent since `since_ms` to its member's direct messages; return the id."""
        ...

    async def post_failure(self, film: FilmView) -> None:
        """Post to the member that there will be no film."""
        ...

    async def share_film(self, film: FilmView, payload: ResultPayload, channel_id: int) -> int:
        """Post a film in a showcase channel without pings; return the message's id."""
        ...

    async def find_shared_film(self, film: FilmView, channel_id: int) -> int | None:
        """Find a film's post in a showcase channel's history; return its id."""
        ...

    async def delete_shared_film(self, film: FilmView) -> None:
        """Delete a film's post in the showcase channel; it may be gone already."""
        ...

    async def delete_film(self, film: FilmView) -> None:
        """Delete a film's message, wherever it is; it may be gone already."""
        ...
