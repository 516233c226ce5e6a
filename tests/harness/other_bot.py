"""Another bot: a stock one that uses every kind of component, form field and command.

It runs as a process of its own by `python -m tests.harness.other_bot`, with
DISCORD_API_URL, DISCORD_GATEWAY_URL and DISCORD_TOKEN set.
"""

import asyncio
import io
import os
from collections.abc import Iterable
from typing import Any, Literal

from tests.harness.stock_client import StockClient, app_commands, discord, point_library_at, ui

Interaction = discord.Interaction[Any]

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)
CITIES = ["Aachen", "Berlin", "Bremen", "Zwolle"]
MENUS = (ui.Select, ui.UserSelect, ui.RoleSelect, ui.MentionableSelect, ui.ChannelSelect)
COLOURS = ["red", "green", "blue"]


def format_values(values: Iterable[object]) -> str:
    """Write values as an answer lists them."""
    return ", ".join(sorted(map(str, values))) or "nothing"


def picture(name: str) -> discord.File:
    """Make a picture of one pixel."""
    return discord.File(io.BytesIO(PICTURE), name)


class Menu(ui.Select[Any]):
    """A menu of colours, of which up to two may be chosen."""

    def __init__(self) -> None:
        options = [discord.SelectOption(label=name.title(), value=name) for name in COLOURS]
        super().__init__(custom_id="colours", options=options, max_values=2, row=1)

    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.send_message(
            f"colours: {format_values(self.values)}", ephemeral=True
        )


class Things(ui.View):
    """Menus of users, roles, mentionables and channels."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @ui.select(cls=ui.UserSelect, custom_id="users", max_values=3)
    async def users(self, interaction: Interaction, menu: ui.UserSelect[Any]) -> None:
        await interaction.response.send_message(f"users: {format_values(menu.values)}")

    @ui.select(cls=ui.RoleSelect, custom_id="roles", min_values=0)
    async def roles(self, interaction: Interaction, menu: ui.RoleSelect[Any]) -> None:
        await interaction.response.send_message(f"roles: {format_values(menu.values)}")

    @ui.select(cls=ui.MentionableSelect, custom_id="mentionables", max_values=2)
    async def mentionables(self, interaction: Interaction, menu: ui.MentionableSelect[Any]) -> None:
        await interaction.response.send_message(f"mentionables: {format_values(menu.values)}")

    @ui.select(cls=ui.ChannelSelect, custom_id="channels", channel_types=[discord.ChannelType.text])
    async def channels(self, interaction: Interaction, menu: ui.ChannelSelect[Any]) -> None:
        await interaction.response.send_message(f"channels: {format_values(menu.values)}")


class Buttons(ui.View):
    """Buttons of every style, and a menu."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.counted = 0
        self.add_item(ui.Button(label="Out", url="https://example.com", row=0))
        self.add_item(ui.Button(sku_id=1, row=0))
        self.add_item(Menu())

    @ui.button(label="Count", style=discord.ButtonStyle.primary, custom_id="count", row=0)
    async def count(self, interaction: Interaction, button: ui.Button[Any]) -> None:
        self.counted += 1
        button.label = f"Counted {self.counted}"
        await interaction.response.edit_message(view=self)

    @ui.button(label="Silent", style=discord.ButtonStyle.danger, custom_id="silent", row=0)
    async def silent(self, _interaction: Interaction, _button: ui.Button[Any]) -> None:
        await asyncio.sleep(0)

    @ui.button(label="Fill in", style=discord.ButtonStyle.success, custom_id="fill", row=0)
    async def fill(self, interaction: Interaction, _button: ui.Button[Any]) -> None:
        await interaction.response.send_modal(WritingForm())


class Layout(ui.LayoutView):
    """A message of Components V2: texts, pictures, a file, a line, a button beside a text."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        more: ui.Button[Any] = ui.Button(label="More", custom_id="more")
        more.callback = self.more
        gallery: ui.MediaGallery[Any] = ui.MediaGallery()
        gallery.add_item(media="attachment://one.png", description="the first")
        gallery.add_item(media="attachment://two.png", spoiler=True)
        self.text: ui.TextDisplay[Any] = ui.TextDisplay("# A title\nand a text")
        thumbnail: ui.Thumbnail[Any] = ui.Thumbnail("attachment://one.png")
        parts: list[ui.Item[Any]] = [
            ui.Section(self.text, accessory=thumbnail),
            ui.Separator(spacing=discord.SeparatorSpacing.large),
            gallery,
            ui.File("attachment://notes.txt"),
            ui.Section("beside a button", accessory=more),
        ]
        self.add_item(ui.Container(*parts, accent_colour=0x5865F2))

    async def more(self, interaction: Interaction) -> None:
        """Say more."""
        self.text.content += "\nand more"
        await interaction.response.edit_message(view=self)


class WritingForm(ui.Modal, title="Writing"):
    """A form with a text to read, two to write, files, and one choice of a few."""

    about: ui.TextDisplay[Any] = ui.TextDisplay("Read **this** first.")
    name: ui.Label[Any] = ui.Label(
        text="Name", component=ui.TextInput(custom_id="name", min_length=2, max_length=20)
    )
    story: ui.Label[Any] = ui.Label(
        text="Story",
        description="as long as you like",
        component=ui.TextInput(
            custom_id="story", style=discord.TextStyle.paragraph, required=False
        ),
    )
    files: ui.Label[Any] = ui.Label(
        text="Files",
        component=ui.FileUpload(custom_id="files", required=False, max_values=2),
    )
    size: ui.Label[Any] = ui.Label(
        text="Size",
        component=ui.RadioGroup(
            custom_id="size",
            options=[discord.RadioGroupOption(label=name, value=name.lower()) for name in "SML"],
        ),
    )

    async def on_submit(self, interaction: Interaction) -> None:
        """Return what came."""
        name, story, files, size = (
            label.component for label in (self.name, self.story, self.files, self.size)
        )
        assert isinstance(name, ui.TextInput)
        assert isinstance(story, ui.TextInput)
        assert isinstance(files, ui.FileUpload)
        assert isinstance(size, ui.RadioGroup)
        read = [f"{file.filename} {len(await file.read())}" for file in files.values]
        await interaction.response.send_message(
            f"{name.value}; {story.value or 'no story'}; {format_values(read)}; {size.value}"
        )


class ChoosingForm(ui.Modal, title="Choosing"):
    """A form with boxes to tick and the menus of all things."""

    colour: ui.Label[Any] = ui.Label(
        text="Colour",
        component=ui.Select(
            custom_id="colour",
            options=[discord.SelectOption(label=name, default=name == "green") for name in COLOURS],
        ),
    )
    days: ui.Label[Any] = ui.Label(
        text="Days",
        component=ui.CheckboxGroup(
            custom_id="days",
            required=False,
            options=[discord.CheckboxGroupOption(label=name) for name in ("Mon", "Tue", "Wed")],
        ),
    )
    agreed: ui.Label[Any] = ui.Label(text="Agreed", component=ui.Checkbox(custom_id="agreed"))
    users: ui.Label[Any] = ui.Label(
        text="Users", component=ui.UserSelect(custom_id="users", max_values=2)
    )
    channel: ui.Label[Any] = ui.Label(
        text="Channel", component=ui.ChannelSelect(custom_id="channel", required=False)
    )

    async def on_submit(self, interaction: Interaction) -> None:
        """Return what came."""
        days, agreed = self.days.component, self.agreed.component
        assert isinstance(days, ui.CheckboxGroup)
        assert isinstance(agreed, ui.Checkbox)
        menus = [label.component for label in (self.colour, self.users, self.channel)]
        chosen = [format_values(menu.values) for menu in menus if isinstance(menu, MENUS)]
        await interaction.response.send_message(
            f"{'; '.join(chosen)}; {format_values(days.values)}; {agreed.value}", ephemeral=True
        )


class GrantingForm(ui.Modal, title="Granting"):
    """A form with the menus of roles, and of both users and roles."""

    role: ui.Label[Any] = ui.Label(text="Role", component=ui.RoleSelect(custom_id="role"))
    whom: ui.Label[Any] = ui.Label(
        text="Whom", component=ui.MentionableSelect(custom_id="whom", max_values=2)
    )

    async def on_submit(self, interaction: Interaction) -> None:
        """Return what came."""
        menus = [label.component for label in (self.role, self.whom)]
        chosen = [format_values(menu.values) for menu in menus if isinstance(menu, MENUS)]
        await interaction.response.send_message("; ".join(chosen))


class Forms(app_commands.Group, name="form", description="Open a form"):
    """The commands that open forms."""

    @app_commands.command(description="Texts, files, one of a few")
    async def writing(self, interaction: Interaction) -> None:
        await interaction.response.send_modal(WritingForm())

    @app_commands.command(description="Ticks and menus")
    async def choosing(self, interaction: Interaction) -> None:
        await interaction.response.send_modal(ChoosingForm())

    @app_commands.command(description="Roles")
    async def granting(self, interaction: Interaction) -> None:
        await interaction.response.send_modal(GrantingForm())


class OtherBot(StockClient):
    """The bot; what it registers is offered everywhere but `/here` and `/form`."""

    def __init__(self) -> None:
        super().__init__(discord.Intents(guilds=True))
        forms = Forms()
        forms.guild_only = True
        plain: list[Any] = [travel, buttons, things, layout, card, secret, silent, here]
        for command in [*plain, quote, who, forms]:
            self.tree.add_command(command)


@app_commands.command(description="Go somewhere")
@app_commands.describe(city="Where to", days="How long", by="How", guest="With whom")
async def travel(
    interaction: Interaction,
    city: str,
    days: app_commands.Range[int, 1, 30] = 1,
    by: Literal["train", "boat"] = "train",
    guest: discord.User | None = None,
    ticket: discord.Attachment | None = None,
) -> None:
    """Answer with everything that was given."""
    size = 0 if ticket is None else len(await ticket.read())
    name = "nobody" if guest is None else guest.display_name
    await interaction.response.send_message(f"{city}, {days}, {by}, {name}, {size} bytes")


@travel.autocomplete("city")
async def cities(_interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Suggest the cities that begin with what has been typed."""
    fitting = [name for name in CITIES if name.lower().startswith(typed.lower())]
    return [app_commands.Choice(name=name, value=name) for name in fitting]


@app_commands.command(description="Buttons, and a menu")
async def buttons(interaction: Interaction) -> None:
    """Post buttons."""
    await interaction.response.send_message("Press one", view=Buttons())


@app_commands.command(description="Menus of users, roles and channels")
async def things(interaction: Interaction) -> None:
    """Post menus."""
    await interaction.response.send_message("Choose", view=Things())


@app_commands.command(description="A message of Components V2")
async def layout(interaction: Interaction) -> None:
    """Think about it, then post it with its files."""
    await interaction.response.defer(thinking=True)
    files = [picture("one.png"), picture("two.png")]
    files.append(discord.File(io.BytesIO(b"to be read"), "notes.txt"))
    await interaction.edit_original_response(view=Layout(), attachments=files)


@app_commands.command(description="An embed with a picture")
async def card(interaction: Interaction) -> None:
    """Post an embed that shows an uploaded picture."""
    embed = discord.Embed(title="A card", description="with a picture", colour=0x23A55A)
    embed.set_image(url="attachment://card.png").add_field(name="Field", value="Value")
    await interaction.response.send_message(embed=embed, file=picture("card.png"))


@app_commands.command(description="Something only you see")
async def secret(interaction: Interaction) -> None:
    """Answer privately."""
    await interaction.response.send_message("between us", ephemeral=True)


@app_commands.command(description="Never answers")
async def silent(_interaction: Interaction) -> None:
    """Say nothing."""


@app_commands.command(description="Servers only")
@app_commands.guild_only()
async def here(interaction: Interaction) -> None:
    """Name the server."""
    await interaction.response.send_message(f"in {interaction.guild_id}")


@app_commands.context_menu(name="Quote")
async def quote(interaction: Interaction, message: discord.Message) -> None:
    """Quote a message."""
    await interaction.response.send_message(f"> {message.content}")


@app_commands.context_menu(name="Who is this")
async def who(interaction: Interaction, user: discord.User) -> None:
    """Name a user."""
    await interaction.response.send_message(user.display_name, ephemeral=True)


async def main() -> None:
    """Run until the process is ended."""
    point_library_at(os.environ["DISCORD_API_URL"], os.environ["DISCORD_GATEWAY_URL"])
    async with OtherBot() as bot:
        await bot.start(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    asyncio.run(main())
