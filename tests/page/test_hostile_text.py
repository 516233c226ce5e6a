"""Whatever strangers write is shown as text: no element, no script, no address comes of it."""

from playwright.async_api import Page, expect

from sandbox.demo.discord import DemoDiscord
from tests.harness.page_driver import PageDriver

HOSTILE = [
    "<script>window.hit=1</script>",
    "</script><script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<img src='x' onerror='window.hit=1'/>",
    "<svg onload=window.hit=1>",
    "<svg><script>window.hit=1</script></svg>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "<iframe src=javascript:window.hit=1>",
    "<a href=javascript:window.hit=1>press</a>",
    "<body onload=window.hit=1>",
    "<video><source onerror=window.hit=1></video>",
    "<details open ontoggle=window.hit=1>",
    "<input autofocus onfocus=window.hit=1>",
    "<style>@import 'http://127.0.0.1:1/x.css';</style>",
    "<link rel=stylesheet href=http://127.0.0.1:1/x.css>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:1/'>",
    "<base href=http://127.0.0.1:1/>",
    "<form action=http://127.0.0.1:1/><button>press</button></form>",
    "<object data=http://127.0.0.1:1/></object>",
    "<embed src=http://127.0.0.1:1/>",
    "<math><mtext><script>window.hit=1</script></mtext></math>",
    "<template><script>window.hit=1</script></template>",
    "<!--<script>window.hit=1</script>-->",
    "<![CDATA[<script>window.hit=1</script>]]>",
    "<?xml version='1.0'?><x onload='window.hit=1'/>",
    '"><script>window.hit=1</script>',
    "'><script>window.hit=1</script>",
    "' onmouseover='window.hit=1",
    '" onfocus="window.hit=1" autofocus="',
    "`<script>window.hit=1</script>`",
    "```html\n<script>window.hit=1</script>\n```",
    "[press](javascript:window.hit=1)",
    "[press](data:text/html,<script>window.hit=1</script>)",
    "[press](vbscript:window.hit=1)",
    "[press]( javascript:window.hit=1)",
    "[press](JaVaScRiPt:window.hit=1)",
    "<javascript:window.hit=1>",
    "javascript:window.hit=1",
    "data:text/html,<script>window.hit=1</script>",
    "**<b onclick=window.hit=1>bold</b>**",
    "||<img src=x onerror=window.hit=1>||",
    "> <img src=x onerror=window.hit=1>",
    "# <img src=x onerror=window.hit=1>",
    "- <img src=x onerror=window.hit=1>",
    "&lt;script&gt;window.hit=1&lt;/script&gt;",
    "&#60;script&#62;window.hit=1&#60;/script&#62;",
    "\\u003cscript\\u003ewindow.hit=1\\u003c/script\\u003e",
    "${window.hit=1}{{window.hit=1}}<%=window.hit=1%>",
    "\u202e<script>window.hit=1</script>\u202c",
    "<scr\u0000ipt>window.hit=1</scr\u0000ipt>".replace("\0", "\ufffd"),
    "<<script>script>window.hit=1<</script>/script>",
    "<img src=x:x onerror=window['hit']=1 " + "a" * 1500,
]
ACTIVE_ELEMENTS = "script, iframe, object, embed, base, meta, link, style, form, svg [onload]"


async def test_hostile_messages_names_and_servers_are_shown_as_text(
    page: Page, discord: DemoDiscord
):
    """Said by a member whose name is hostile too, in a server and a channel named so."""
    assert len(HOSTILE) >= 50
    world = discord.world
    guild = world.guild()
    villain = world.add_user("<img src=x onerror=window.hit=1>")
    world.add_member(guild, villain)
    place = world.add_channel(guild, "<script>window.hit=1</script>")
    villainous = world.add_guild("<svg onload=window.hit=1>", villain)
    world.add_channel(villainous, "<b>bold</b>")
    for text in HOSTILE:
        await discord.member(villain.name).send_message(place, text)
    await page.goto(discord.page_url)
    visitor = PageDriver(page, discord)
    await visitor.open_channel(place.name)
    await visitor.wait_for_message("onerror=window['hit']")
    await expect(visitor.messages).to_have_count(len(HOSTILE))
    for part in ("#messages", "#places", "#top"):
        assert await page.locator(part).locator(ACTIVE_ELEMENTS).count() == 0
    addresses = await page.locator("#messages [href], #messages [src]").evaluate_all(
        "found => found.map((one) => one.getAttribute('href') ?? one.getAttribute('src'))"
    )
    assert [found for found in addresses if not found.startswith(("/", "http"))] == []
    handlers = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
    assert [n for n in await page.evaluate(handlers) if n.startswith("on")] == []
    assert await page.evaluate("window.hit") is None


async def test_what_is_said_is_read_letter_by_letter(page: Page, discord: DemoDiscord):
    """Text without marks of Discord's own markdown appears exactly as it was written."""
    place = discord.channel("general")
    plain = [text for text in HOSTILE if text.startswith(("<s", "<i"))]
    for text in plain:
        await discord.member("Ben").send_message(place, text)
    await page.goto(discord.page_url)
    visitor = PageDriver(page, discord)
    await visitor.open_channel("general")
    for text in plain:
        await expect(await visitor.wait_for_message(text)).to_contain_text(text)
