"""Posts of films to Discord, each with a nonce made from its film's id."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial

import discord

from cogs.films import views
from cogs.films.controls import film_mark, shared_film_mark
from cogs.publishing.errors import call_discord
from cogs.publishing.history import MessageHistory
from cogs.publishing.languages import MessageLanguages
from cogs.publishing.threads import Channel, call_in_channel
from cogs.publishing.video_messages import NO_MENTIONS, OutgoingMessage, mention_only, send_message
from cogs.ui.i18n import speaking
from domain.films import FilmView
from workflow.errors import ChannelDeleted, ChannelUnavailable, MessageDeleted
from workflow.publisher import Publisher, ResultPayload

_DM_MAX_BYTES = 10 * 1024 * 1024


class DiscordFilmPublisher:
    """The publisher of films on Discord, beside that of jobs."""

    def __init__(
        self, client: discord.Client, jobs: Publisher, languages: MessageLanguages
    ) -> None:
        self._client = client
        self._jobs = jobs
        self._languages = languages
        self._places = languages.places
        self._history = MessageHistory(client, languages.places)

    @property
    def is_ready(self) -> bool:
        """Return whether Discord has sent the bot's channels, and does not refuse too much."""
        return self._jobs.is_ready

    async def max_file_bytes(self, film: FilmView, *, by_dm: bool = False) -> int:
        """Return how many bytes a file may have where a film is posted."""
        if by_dm or film.private:
            return _DM_MAX_BYTES
        try:
            return (await self._places.find_guild(film.guild_id)).filesize_limit
        except ChannelUnavailable:
            return _DM_MAX_BYTES  # only direct messages are left

    async def post_film(self, film: FilmView, payload: ResultPayload) -> int:
        """Post a film to its channel, a private one to its member; return the message's id."""
        if film.private:
            return await self.send_film_by_dm(film, payload)
        channel = await self._places.find_messageable(film.guild_id, film.destination_channel_id)
        async with self._speaking(film):
            return await self._send(channel, film, payload)

    async def send_film_by_dm(self, film: FilmView, payload: ResultPayload) -> int:
        """Send a film to its member's direct messages; return the message's id."""
        channel = await self._dm_channel(film)
        with speaking(film.language):
            return await self._send(channel, film, payload)

    async def find_film(self, film: FilmView, since_ms: int) -> int | None:
        """Return the id of a film's message where it is posted first, if there is one."""
        if film.private:
            return await self.find_film_dm(film, since_ms)
        channel = self._channel(film)
        await self._history.require_readable(film.guild_id, channel.id)
        return await self._history.find_button(channel, film_mark(film.id), since_ms)

    async def find_film_dm(self, film: FilmView, since_ms: int) -> int | None:
        """Return the id of a film's message in its member's direct messages, if there is one."""
        try:
            channel = await self._dm_channel(film)
            return await self._history.find_button(channel, film_mark(film.id), since_ms)
        except ChannelUnavailable:
            return None

    async def post_failure(self, film: FilmView) -> None:
        """Post to the member that there will be no film, where they asked for it."""
        async with self._speaking(film):
            view = views.render_failure(film)
        channel = await self._dm_channel(film) if film.private else self._channel(film)
        post = partial(
            channel.send,
            view=view,
            nonce=f"f{film.id}",
            allowed_mentions=mention_only(film.user_id),
        )
        await call_in_channel(self._client, channel, post)

    async def share_film(self, film: FilmView, payload: ResultPayload, channel_id: int) -> int:
        """Post a film in a showcase channel; it pings nobody."""
        channel = await self._places.find_messageable(film.guild_id, channel_id)
        async with self._speaking(film):
            build_view = partial(views.render_shared, film, payload)
            videos = {} if payload.video is None else {f"{film.id}.mp4": payload.video}
            message = OutgoingMessage(videos, f"x{film.id}", NO_MENTIONS, build_view)
            return await send_message(self._client, channel, message)

    async def find_shared_film(self, film: FilmView, channel_id: int) -> int | None:
        """Return the id of a film's post in a showcase channel, if there is one."""
        await self._history.require_readable(film.guild_id, channel_id)
        channel = self._client.get_partial_messageable(channel_id, guild_id=film.guild_id)
        mark = shared_film_mark(film.id)
        return await self._history.find_button(channel, mark, film.created_at_ms)

    async def delete_shared_film(self, film: FilmView) -> None:
        """Delete a film's post in the showcase channel, if it is still there."""
        if film.shared_message_id is None or film.shared_channel_id is None:
            return
        channel = self._client.get_partial_messageable(
            film.shared_channel_id, guild_id=film.guild_id
        )
        with suppress(ChannelDeleted, MessageDeleted):
            await self._delete(channel, film.shared_message_id)

    async def delete_film(self, film: FilmView) -> None:
        """Delete a film's message where it was posted: in the channel, or in direct messages."""
        assert film.message_id is not None, "there is a message to delete"
        if not film.private:
            try:
                await self._delete(self._channel(film), film.message_id)
            except (ChannelUnavailable, MessageDeleted) as error:
                if isinstance(error, ChannelDeleted):
                    return
            else:
                return
        with suppress(ChannelUnavailable, MessageDeleted):
            await self._delete(await self._dm_channel(film), film.message_id)

    @asynccontextmanager
    async def _speaking(self, film: FilmView) -> AsyncGenerator[None]:
        is_private = film.private
        language = film.language if is_private else await self._languages.of_server(film.guild_id)
        with speaking(language):
            yield

    async def _send(self, channel: Channel, film: FilmView, payload: ResultPayload) -> int:
        build_view = partial(views.render_film, film, payload)
        videos = {} if payload.video is None else {f"{film.id}.mp4": payload.video}
        message = OutgoingMessage(videos, f"r{film.id}", mention_only(film.user_id), build_view)
        return await send_message(self._client, channel, message)

    async def _delete(self, channel: Channel, message_id: int) -> None:
        message = channel.get_partial_message(message_id)
        await call_in_channel(self._client, channel, message.delete)

    async def _dm_channel(self, film: FilmView) -> discord.DMChannel:
        user = await call_discord(self._client.fetch_user(film.user_id))
        return await call_discord(user.create_dm())

    def _channel(self, film: FilmView) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(
            film.destination_channel_id, guild_id=film.guild_id
        )
