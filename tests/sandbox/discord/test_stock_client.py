"""An unmodified discord.py bot lives on the stand-in as it does on Discord."""

import io
import re
from pathlib import Path
from typing import Any, Self

import discord
import pytest
from discord import app_commands, ui

from sandbox.discord import ClientActionRefused, FakeDiscord, Fault, Permission, Upload
from tests.harness.stock_client import StockClient, run_bot, wait_until

Interaction = discord.Interaction[Any]

LAKE = Path("sandbox/demo/pictures/lake.jpg")


class StopButton(ui.DynamicItem[ui.Button[Any]], template=r"stop:(?P<job>\d+)"):
    """A button that is known by the shape of its custom id."""

    def __init__(self, job: int) -> None:
        super().__init__(ui.Button(label="Stop", custom_id=f"stop:{job}"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["job"]))

    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(view=_text(f"stopped {self.job}"))


class RemixForm(ui.Modal, title="Remix"):
    """A form with one field of each kind that the service may use."""

    prompt: ui.Label[Any] = ui.Label(text="Prompt", component=ui.TextInput(custom_id="prompt"))
    images: ui.Label[Any] = ui.Label(
        text="Pictures", component=ui.FileUpload(custom_id="images", required=False, max_values=3)
    )
    model: ui.Label[Any] = ui.Label(
        text="Model",
        component=ui.Select(
            custom_id="model", options=[discord.SelectOption(label=name) for name in "AB"]
        ),
    )

    async def on_submit(self, interaction: Interaction) -> None:
        prompt, images, model = (
            label.component for label in (self.prompt, self.images, self.model)
        )
        assert isinstance(prompt, ui.TextInput)
        assert isinstance(images, ui.FileUpload)
        assert isinstance(model, ui.Select)
        read = [len(await file.read()) for file in images.values]
        await interaction.response.send_message(
            f"{prompt.value} {model.values} {read}", ephemeral=True
        )


def _text(said: str, *more: ui.Item[Any]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(said))
    for item in more:
        view.add_item(item)
    return view


@pytest.fixture
def bot() -> StockClient:
    """Make a bot with a command of every kind; the loop it runs in is a test's."""
    made = StockClient(discord.Intents(guilds=True))
    made.add_dynamic_items(StopButton)

    @made.tree.command(description="Turn a picture into a video")
    @app_commands.describe(image="The picture")
    async def animate(
        interaction: Interaction,
        image: discord.Attachment,
        prompt: str,
        duration: app_commands.Range[int, 4, 12] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        size = len(await image.read())
        buttons: ui.ActionRow[Any] = ui.ActionRow()
        buttons.add_item(StopButton(7))
        view = _text(f"{size} bytes, {prompt}, {duration} s", buttons)
        await interaction.edit_original_response(view=view)
        assert interaction.channel is not None
        clip = discord.File(io.BytesIO(b"mp4" * 1000), "clip.mp4")
        gallery: ui.MediaGallery[Any] = ui.MediaGallery()
        gallery.add_item(media="attachment://clip.mp4", description="a clip")
        await made.get_partial_messageable(interaction.channel.id).send(
            view=_text(interaction.user.mention, gallery),
            file=clip,
            allowed_mentions=discord.AllowedMentions(users=[interaction.user]),
        )

    @animate.autocomplete("duration")
    async def suggest(interaction: Interaction, current: str) -> list[app_commands.Choice[int]]:
        prompt = interaction.namespace.prompt
        return [app_commands.Choice(name=f"{prompt}{current}", value=int(current))]

    @made.tree.command(description="Open a form")
    async def remix(interaction: Interaction) -> None:
        await interaction.response.send_modal(RemixForm())

    @made.tree.context_menu(name="Animate this image")
    async def from_message(interaction: Interaction, message: discord.Message) -> None:
        names = [file.filename for file in message.attachments]
        limit, sends = interaction.filesize_limit, interaction.app_permissions.send_messages
        await interaction.response.send_message(f"{message.content} {names} {limit} {sends}")

    return made


@pytest.mark.parametrize("place", ["videos", "videos-talk"])
async def test_a_command_is_answered_and_its_video_posted(
    fake_discord: FakeDiscord, bot: StockClient, place: str
) -> None:
    """The attachment is read from the CDN, the answer is private, the post notifies."""
    async with run_bot(fake_discord, bot):
        await fake_discord.wait_for_commands({"animate", "remix", "Animate this image"})
        ada, videos = fake_discord.member("Ada"), fake_discord.channel(place)
        options = {"image": LAKE, "prompt": "calm", "duration": 5}
        answer = await (await ada.run_command(videos, "animate", options)).until_answered()
        assert answer.text == f"{LAKE.stat().st_size} bytes, calm, 5 s"
        assert answer.ephemeral
        assert not answer.failed
        message = await videos.wait_for(lambda found: bool(found.attachments), within=120)
        assert message.attachments[0].path.read_bytes() == b"mp4" * 1000
        assert message.notified_user_ids == {ada.id}
        assert fake_discord.journal.count_requests("POST", "/channels/*/messages") == 1


async def test_buttons_suggestions_menus_and_forms_come_through(
    fake_discord: FakeDiscord, bot: StockClient
) -> None:
    """Each kind of interaction reaches the bot, and its answer the member."""
    async with run_bot(fake_discord, bot):
        ada, videos = fake_discord.member("Ada"), fake_discord.channel("videos")
        answer = await ada.run_command(videos, "animate", {"image": LAKE, "prompt": "calm"})
        clicked = await ada.click(await answer.until_answered(), "Stop")
        assert (await clicked.until_answered()).text == answer.text == "stopped 7"
        choices = await ada.autocomplete(
            videos, "animate", {"prompt": "p"}, focused=("duration", "4")
        )
        assert choices == [{"name": "p4", "value": 4}]
        said = await ada.send_message(videos, "look", [Upload("lake.png", b"png")])
        menu = await ada.use_context_menu(said, "Animate this image")
        told = (await menu.until_answered()).text
        assert told == f"look ['lake.png'] {10 * 1024 * 1024} True"
        with pytest.raises(ClientActionRefused):
            await ada.use_context_menu(said, "Another entry")
        opened = await (await ada.run_command(videos, "remix")).until_answered()
        values: dict[str, Any] = {"prompt": "new", "model": ["B"], "images": [LAKE]}
        sent = await ada.submit_modal(opened, values)
        assert (await sent.until_answered()).text == f"new ['B'] [{LAKE.stat().st_size}]"
        with pytest.raises(ClientActionRefused, match="prompt"):
            await ada.submit_modal(opened, {**values, "prompt": ""})


async def test_changes_of_the_world_reach_the_bot(
    fake_discord: FakeDiscord, bot: StockClient
) -> None:
    """The bot's own picture of servers, channels and permissions follows."""
    async with run_bot(fake_discord, bot):
        guild, videos = fake_discord.world.guild(), fake_discord.channel("videos")
        quiet = bot.get_channel(fake_discord.channel("quiet").id)
        assert isinstance(quiet, discord.TextChannel)
        assert not quiet.permissions_for(quiet.guild.me).send_messages
        fake_discord.world.set_premium_tier(guild, 2)
        fake_discord.world.deny(videos, Permission.ATTACH_FILES)
        await wait_until(bot, lambda: quiet.guild.filesize_limit == 50 * 1024 * 1024)
        seen = bot.get_channel(videos.id)
        assert isinstance(seen, discord.TextChannel)
        await wait_until(bot, lambda: not seen.permissions_for(seen.guild.me).attach_files)
        fake_discord.world.delete_channel(videos)
        await wait_until(bot, lambda: bot.get_channel(videos.id) is None)
        fake_discord.world.remove_bot(guild)
        await wait_until(bot, lambda: [found.name for found in bot.guilds] == ["Big Screen"])


async def test_a_wrong_token_does_not_log_in(fake_discord: FakeDiscord, bot: StockClient) -> None:
    """The library raises it as a failed login."""
    with pytest.raises(discord.LoginFailure):
        async with run_bot(fake_discord, bot, token="wrong"):
            pass


@pytest.mark.parametrize("how", ["op 7", "torn", "closed"])
async def test_a_lost_connection_is_resumed(
    fake_discord: FakeDiscord, bot: StockClient, how: str
) -> None:
    """What happened meanwhile is replayed, and the bot does not identify again."""
    async with run_bot(fake_discord, bot):
        match how:
            case "op 7":
                await fake_discord.gateway.request_reconnect()
            case "torn":
                await fake_discord.gateway.drop_connections()
            case _:
                await fake_discord.gateway.drop_connections(4000)
        ada, videos = fake_discord.member("Ada"), fake_discord.channel("videos")
        answer = await ada.run_command(videos, "animate", {"image": LAKE, "prompt": "calm"})
        assert "calm" in (await answer.until_answered()).text
        assert (fake_discord.gateway.identify_count, fake_discord.gateway.resume_count) == (1, 1)


@pytest.mark.parametrize(("resumable", "counted"), [(True, (1, 1)), (False, (2, 0))])
async def test_an_invalid_session_is_resumed_or_begun_anew(
    fake_discord: FakeDiscord, bot: StockClient, resumable: bool, counted: tuple[int, int]
) -> None:
    """As op 9 says."""
    async with run_bot(fake_discord, bot):
        gateway = fake_discord.gateway
        await gateway.invalidate_sessions(resumable=resumable)
        await fake_discord.world.changes.wait_until(
            lambda: (gateway.identify_count, gateway.resume_count) == counted or None,
            10,
            "op 9",
            str,
        )


async def test_a_direct_message_arrives_unless_it_is_not_welcome(
    fake_discord: FakeDiscord, bot: StockClient
) -> None:
    """A closed mailbox is 50007, as the library's Forbidden."""
    async with run_bot(fake_discord, bot):
        ada = fake_discord.member("Ada")
        user = await bot.fetch_user(ada.id)
        await user.send(f"hello {user.mention}")
        assert [message.notified_user_ids for message in ada.direct_channel.messages] == [{ada.id}]
        fake_discord.world.close_dms(ada.user)
        with pytest.raises(discord.Forbidden) as refused:
            await user.send("hello")
        assert refused.value.code == 50007


async def test_a_lost_answer_leaves_one_message(
    fake_discord: FakeDiscord, bot: StockClient
) -> None:
    """The library asks again with the same nonce after a 502 that came after the work."""
    async with run_bot(fake_discord, bot):
        fake_discord.faults.add(
            "POST", "/channels/*/messages", Fault(status=502, takes_effect=True)
        )
        videos = fake_discord.channel("videos")
        await bot.get_partial_messageable(videos.id).send("once")
        assert [message.text for message in videos.messages] == ["once"]
        assert fake_discord.journal.count_requests("POST", "/channels/{channel}/messages") == 2
