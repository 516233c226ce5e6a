"""Upgrades and the way back, as docs/operating.md has the steps, from every earlier schema."""

import asyncio
import json
import re
import shlex
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.discord import FakeDiscord
from storage.migrate import known_revisions
from tests.harness.old_versions import check_out, launch_in
from tests.harness.schema import migrate_to
from tests.harness.service import PATIENT, SPEED, ServiceHarness

FIXTURE = Path(__file__).parent / "from_0_1" / "sqlite.sql"
FIRST_WITH_ROWS = "0004"
"""The schema of 0.1.0 and 0.2.0, of which the fixture is."""

DOCS = Path(__file__).parents[2] / "docs" / "operating.md"
WITHOUT_RESTORE = "v0.2.0"


@dataclass
class Operator:
    """Types commands beside a folder `data`."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "data" / "dailies.db"

    def run(self, *words: str) -> str:
        """Run a command that has to succeed; give what it says."""
        settings = {
            "DATABASE_URL": f"sqlite:///{self.database}",
            "MEDIA_STORE": str(self.folder / "data" / "media"),
        }
        ended = CliRunner().invoke(main, words, env=settings)
        assert ended.exit_code == 0, (words, ended.output)
        return ended.output

    def counts(self) -> dict[str, int]:
        """Count jobs, rows of the ledger and presets, and sum the ledger."""
        questions = {
            "jobs": "SELECT count(*) FROM jobs",
            "ledger": "SELECT count(*) FROM billing",
            "sum": "SELECT coalesce(sum(amount_micro), 0) FROM billing",
            "presets": "SELECT count(*) FROM presets",
        }
        with closing(sqlite3.connect(self.database)) as connection:
            return {name: connection.execute(sql).fetchone()[0] for name, sql in questions.items()}


@pytest.mark.parametrize("revision", known_revisions()[1:])
def test_a_copy_of_each_schema_is_upgraded_and_put_back(revision: str, tmp_path: Path):
    """The copy is made before the upgrade; nothing is missing after it, nor in the copy."""
    operator = Operator(tmp_path)
    operator.database.parent.mkdir()
    if has_rows := revision >= FIRST_WITH_ROWS:
        with closing(sqlite3.connect(operator.database)) as connection:
            connection.executescript(FIXTURE.read_text())
    asyncio.run(migrate_to(f"sqlite:///{operator.database}", revision))
    operator.run("backup", str(tmp_path / "before.tar"))
    operator.run("migrate")
    upgraded, verdict = operator.counts(), json.loads(operator.run("audit", "--json"))
    assert (upgraded["jobs"] > 15) == has_rows
    operator.run("restore", str(tmp_path / "before.tar"))
    assert operator.counts() == upgraded
    again = json.loads(operator.run("audit", "--json"))
    assert again["ledger"] == verdict["ledger"]
    assert again["jobs"].get("queued", 0) == 0, "each may have been bought since the copy"


@pytest.mark.parametrize("tag", [WITHOUT_RESTORE, "v0.3.0"])
async def test_the_version_before_goes_on_after_the_way_back(tag: str, tmp_path: Path):
    """It makes videos before the upgrade, and again after it; this version has migrated between."""
    code = check_out(tag, tmp_path / "code")
    folder = tmp_path / "service"
    settings = {"DATABASE_URL": f"sqlite:///{folder}/data/dailies.db"}
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SPEED)) as apixo,
        FakeDiscord(PATIENT) as discord,
    ):
        new = ServiceHarness.create(apixo, discord, folder, settings)
        (folder / "data").mkdir(parents=True)
        old = replace(new, service=replace(new.service, launch=partial(launch_in, code)))
        await make_video(old)
        status, said = await new.run_command_line("backup", str(folder / "before.tar"))
        assert status == 0, said
        await make_video(new)
        assert "limits" in registered(discord)
        await go_back(old, tag)
        await make_video(old)
        assert ("limits" in registered(discord)) == (tag != WITHOUT_RESTORE)
        assert (await old.audit())["jobs"]["delivered"] == 2
        assert len(apixo.tasks) == 3


def registered(discord: FakeDiscord) -> set[str]:
    """Name the commands that members are offered."""
    return {str(one["name"]) for one in discord.commands.registered_in(None)}


async def make_video(harness: ServiceHarness) -> None:
    async with harness.service.run():
        await harness.wait_until_ready()
        options = {"prompt": "a lake", "duration": 4, "resolution": "480p"}
        await harness.wait_for_result(await harness.order_video("video", options))


async def go_back(old: ServiceHarness, tag: str) -> None:
    """Follow the documented steps."""
    folder = old.service.folder
    if tag != WITHOUT_RESTORE:
        status, said = await old.run_command_line("restore", str(folder / "before.tar"))
        assert status == 0, said
        return
    follow_documented_steps(folder)


def follow_documented_steps(folder: Path) -> None:
    """Run the way back to a version that has no `restore`, as the docs have it."""
    found = re.search(r"The way back is:\n\n```sh\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert found is not None
    for line in found[1].splitlines():
        if line.startswith("sqlite3"):  # the program may be missing where tests run
            _, name, sql = shlex.split(line)
            with closing(sqlite3.connect(folder / name)) as connection, connection:
                assert connection.execute(sql).rowcount == 1
        else:
            subprocess.run(["/bin/sh", "-ec", line], cwd=folder, check=True)
