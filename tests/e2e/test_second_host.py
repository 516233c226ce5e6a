"""A second host that has never seen a file: one bucket and one database are all it shares."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import FakeDiscord, Interaction, Message
from sandbox.discord.models import walk_components
from tests.conftest import PostgresqlTemplate
from tests.harness.films import make_film, wait_for_film
from tests.harness.panel_driver import PanelDriver
from tests.harness.ports import free_port
from tests.harness.s3 import Gate, nanio_server
from tests.harness.service import LAKE, PATIENT, TIMEOUT_S, ServiceHarness

SCALE = 960
ANIMATED = {"prompt": "a lake", "image": LAKE, "duration": 4, "resolution": "480p"}
LINK_SECONDS = 600
"""Less than the service trusts a link of Discord's for, so inputs are read from the store."""


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """Start an S3 server, and a gate before it."""
    folder = tmp_path_factory.mktemp("s3")
    with nanio_server(folder) as started, closing(Gate(started.endpoint)) as gate:
        gate.server.bucket("videos").create()
        yield gate


class Hosts:
    """Hosts of one service, each with a folder of its own; one runs at a time."""

    def __init__(
        self, apixo: FakeApixo, discord: FakeDiscord, folder: Path, settings: dict[str, str]
    ) -> None:
        self._stands = apixo, discord
        self._folder = folder
        self._settings = settings

    def host(self, name: str) -> ServiceHarness:
        """Return a host, not running yet."""
        return ServiceHarness.create(*self._stands, self._folder / name, self._settings)


@asynccontextmanager
async def opened(folder: Path, gate: Gate, template: PostgresqlTemplate) -> AsyncGenerator[Hosts]:
    """Open the stand-ins, a database and an address that two hosts share."""
    url = await template.make(folder, empty=False)
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SCALE)) as apixo,
        FakeDiscord(replace(PATIENT, link_seconds=LINK_SECONDS, nonce_seconds=0)) as discord,
    ):
        discord.world.add_channel(discord.world.guild(), "showcase")
        port = str(free_port())
        settings = {
            **gate.server.environment,
            "DATABASE_URL": url,
            "HTTP_PORT": port,
            "MEDIA_STORE": "s3://videos/dailies",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "TIME_SCALE": str(SCALE),
        }
        yield Hosts(apixo, discord, folder, settings)
    await template.drop(url)


async def test_another_host_extends_joins_shares_and_posts_again_what_the_first_stored(
    tmp_path: Path, gate: Gate, postgresql_template: PostgresqlTemplate
):
    """The first one's folder is gone; what was given, links and an outage of the bucket too."""
    async with opened(tmp_path, gate, postgresql_template) as hosts:
        first, second = hosts.host("a"), hosts.host("b")
        result = await make_video(first)
        job = result.attachments[0].filename.removesuffix(".mp4")
        shutil.rmtree(first.service.folder)
        async with second.service.run():
            await second.wait_until_ready()
            await make_film(second, [job, await extend(second, result)])
            await wait_for_film(second)
            assert "channels/" in (await click(second, result, "Share")).text
            result = await post_again(second, job)
            await second.wait_for_result(job_id_in(await click(second, result, "Again")))
            await wait_out_an_outage(second, gate)
            await second.audit()
        assert len([one for one in second.result_messages(job) if is_shared(one)]) == 1
        log = second.service.log.read_text()
        assert '"level": "error"' not in log
        assert "Traceback" not in log


async def make_video(harness: ServiceHarness) -> Message:
    """Choose a showcase, and have a picture animated; nothing runs afterwards."""
    async with harness.service.run():
        await harness.wait_until_ready()
        await choose_showcase(harness)
        job = await harness.order_video("animate", ANIMATED)
        await harness.wait_for_end(job)
        return await harness.wait_for_result(job)


async def choose_showcase(harness: ServiceHarness) -> None:
    max_ = harness.discord.member("Max")
    panel = PanelDriver(max_, await harness.run_command("settings", {}, who="Max"))
    panel = await panel.go_to_page("channels")
    await panel.select("showcase_channel", harness.discord.channel("showcase"))


async def extend(harness: ServiceHarness, result: Message) -> str:
    form = await click(harness, result, "Extend")
    sent = await harness.discord.member("Ada").submit_modal(form, {"prompt": "night falls"})
    job = job_id_in(await sent.until_answered(within=TIMEOUT_S))
    await harness.wait_for_result(job)
    return job


async def post_again(harness: ServiceHarness, job: str) -> Message:
    """Post the oldest video again from the list of jobs; its earlier message goes."""
    (before,) = [message for message in harness.result_messages(job) if not is_shared(message)]
    listed = await harness.run_command("jobs", {})
    assert listed.message is not None
    ids = (part.get("custom_id", "") for part in walk_components(listed.message.components))
    button = next(one for one in ids if one.startswith("jobs:post:") and job in one)
    await harness.discord.member("Ada").click(listed, button)
    await listed.until_text(lambda text: "Posted again" in text, within=TIMEOUT_S)
    (after,) = [message for message in harness.result_messages(job) if not is_shared(message)]
    assert after != before
    return after


def is_shared(message: Message) -> bool:
    return message.channel.name == "showcase"


async def wait_out_an_outage(harness: ServiceHarness, gate: Gate) -> None:
    """A video is ready while the bucket is not there: it is posted when it is back."""
    with harness.halted_apixo():
        job = await harness.order_video("video", {"prompt": "a sea", "duration": 4})
        await harness.wait_for_status(job, "Making your video")
        gate.close()
    async with asyncio.timeout(TIMEOUT_S):
        while "stage interrupted" not in harness.service.log.read_text():
            await asyncio.sleep(0.05)
    gate.open()
    await harness.wait_for_result(job)


async def click(harness: ServiceHarness, where: Message, button: str) -> Interaction:
    clicked = await harness.discord.member("Ada").click(where, button)
    return await clicked.until_answered(within=TIMEOUT_S)
