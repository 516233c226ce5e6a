"""The setup: what it asks, what it refuses, and what it writes."""

import os
import stat
from pathlib import Path

import pytest

from sandbox.discord import Fault
from tests.harness.operator_terminal import Terminal, run_piped
from tests.harness.service import ServiceHarness

README = Path(__file__).parents[2] / "README.md"
ASKED = ("DISCORD_TOKEN", "APIXO_API_KEY")


def environment_of(harness: ServiceHarness) -> dict[str, str]:
    """Return the environment of an operator who has neither given token nor key yet."""
    given = {**os.environ, **harness.service.environment}
    return {name: value for name, value in given.items() if name not in (*ASKED, "DATABASE_URL")}


def folder_of(harness: ServiceHarness) -> Path:
    """Return the folder in which the setup runs."""
    harness.service.folder.mkdir(parents=True, exist_ok=True)
    return harness.service.folder


async def set_up(harness: ServiceHarness, *words: str, answers: str = "") -> tuple[int, str]:
    """Run the setup with answers piped."""
    environment = environment_of(harness)
    return await run_piped(folder_of(harness), environment, ["setup", *words], answers)


async def answer_every_question(terminal: Terminal, harness: ServiceHarness) -> None:
    """Give each answer that cannot be taken before the one that can."""
    token, key = "Bot token (it stays hidden)", "APIXO key (it stays hidden)"
    member, public = "What may a member spend a day", "Public HTTPS address"
    for question, text, after in (
        (token, "Bot wrong", ""),
        (token, "", "leave out `Bot `"),
        (token, "wrong-token", "DISCORD_TOKEN: is required"),
        (token, harness.discord.token, "does not accept this token"),
        (key, "wrong-key", ""),
        (key, harness.apixo.key, "APIXO does not accept this key"),
        (member, "5,00", ""),
        (member, "2.50", "Write it like 1000"),
        ("whole server? [50]", "", ""),
        ("everything together", "100", ""),
        ("Use PostgreSQL instead? [y/N]", "", ""),
        (public, "http://bot.example", ""),
        (public, "", "must begin with https://"),
    ):
        await terminal.answer(question, text, after=after)


async def test_the_questions_are_answered_on_a_terminal(harness: ServiceHarness):
    """Secrets are not shown; each answer is looked at where it is used; the doctor has the end."""
    terminal = await Terminal.start(folder_of(harness), environment_of(harness), ["setup"])
    await answer_every_question(terminal, harness)
    assert await terminal.wait() == 0, terminal.shown
    shown = terminal.shown
    assert harness.discord.token not in shown
    assert harness.apixo.key not in shown
    bot = harness.discord.world.bot_user
    assert f"This is Dailies (application {bot.id}), in 2 server(s)." in shown
    assert f"client_id={bot.id}" in shown
    assert (
        "$2.50 buys 31 videos as /video makes them ($0.08), or 2 with Seedance 2.0 ($0.96), or none"
        in shown
    )
    assert "\x1b[32m" in shown  # the doctor's ok is green on a terminal
    path = folder_of(harness) / ".env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == (
        f"DISCORD_TOKEN={harness.discord.token}\n"
        f"APIXO_API_KEY={harness.apixo.key}\n"
        "USER_DAILY_LIMIT_USD=2.50\n"
        "GLOBAL_DAILY_LIMIT_USD=100\n"
    )


async def test_answers_may_be_piped_and_what_is_kept_stays(harness: ServiceHarness):
    """Comments, other settings, line breaks; an answer of nothing is what stood there."""
    path = folder_of(harness) / ".env"
    path.write_bytes(
        b"# mine\r\nDISCORD_TOKEN=old  # later\r\nLOG_LEVEL=WARNING\r\n\r\n"
        b"export APIXO_API_KEY='old'\r\n"
        b"# USER_DAILY_LIMIT_USD=5\r\nSERVER_DAILY_LIMIT_USD=7"
    )
    path.chmod(0o644)
    answers = [harness.discord.token, harness.apixo.key, "3", "", "none", "n", ""]
    code, said = await set_up(harness, answers="\n".join(answers) + "\n")
    assert code == 0, said
    assert "DISCORD_TOKEN, APIXO_API_KEY, USER_DAILY_LIMIT_USD, GLOBAL_DAILY_LIMIT_USD" in said
    assert path.read_bytes().decode() == (
        f"# mine\r\nDISCORD_TOKEN={harness.discord.token}  # later\r\nLOG_LEVEL=WARNING\r\n\r\n"
        f"export APIXO_API_KEY={harness.apixo.key}\r\n"
        "# USER_DAILY_LIMIT_USD=5\r\nUSER_DAILY_LIMIT_USD=3\r\n"
        "SERVER_DAILY_LIMIT_USD=7\r\nGLOBAL_DAILY_LIMIT_USD=none\r\n"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(one.name for one in path.parent.glob(".env*")) == [".env"]
    code, said = await set_up(harness, answers="\n" * 7)
    assert (code, ".env is as it was" in said) == (0, True), said


async def test_an_end_before_the_end_changes_nothing(harness: ServiceHarness):
    """Ctrl-C and the end of the answers: a sentence, and `.env` as it was."""
    path = folder_of(harness) / ".env"
    path.write_text("LOG_LEVEL=INFO\n")
    code, said = await set_up(harness, answers=f"{harness.discord.token}\n")
    assert (code, said.splitlines()[-1]) == (1, "Setup was not finished. Nothing was changed.")
    terminal = await Terminal.start(folder_of(harness), environment_of(harness), ["setup"])
    await terminal.answer("Bot token", harness.discord.token)
    assert await terminal.interrupt("APIXO key") == 1
    assert terminal.shown.rstrip().endswith("Setup was not finished. Nothing was changed.")
    assert "Traceback" not in terminal.shown
    assert path.read_text() == "LOG_LEVEL=INFO\n"


async def test_nothing_is_asked_where_options_say_it(harness: ServiceHarness, tmp_path: Path):
    """Secrets come from a file or from standard input, never from the command line."""
    key = tmp_path / "key"
    key.write_text(f"{harness.apixo.key}\n")
    words = ["--no-questions", "--token-file", "-", "--key-file", str(key)]
    words += ["--user-daily-limit-usd", "1.5", "--public-url", ""]
    code, said = await set_up(harness, *words, answers=f"{harness.discord.token}\n")
    assert code == 0, said
    assert (folder_of(harness) / ".env").read_text().splitlines() == [
        f"DISCORD_TOKEN={harness.discord.token}",
        f"APIXO_API_KEY={harness.apixo.key}",
        "USER_DAILY_LIMIT_USD=1.5",
    ]


@pytest.mark.parametrize(
    ("words", "answers", "code", "named"),
    [
        ([], "", 2, "DISCORD_TOKEN: is required"),
        (["--token-file", "-"], "", 1, "Standard input has no line"),
        (["--token-file", "-"], "wrong\n", 2, "DISCORD_TOKEN: Discord does not accept this token"),
        (["--token-file", "/nowhere"], "", 2, "/nowhere cannot be read (No such file"),
        (["--token-file", "-"], "Bot x\n", 2, "leave out `Bot ` before it"),
    ],
)
async def test_without_questions_what_is_wrong_ends_it(
    harness: ServiceHarness, words: list[str], answers: str, code: int, named: str
):
    """In a sentence, and nothing is written."""
    ended, said = await set_up(harness, "--no-questions", *words, answers=answers)
    assert (ended, named in said) == (code, True), said
    assert "Traceback" not in said
    assert not (folder_of(harness) / ".env").exists()


async def test_what_stands_wrong_in_the_file_is_named_before_any_question(harness: ServiceHarness):
    """Names, values and lines that nobody would be asked about."""
    path = folder_of(harness) / ".env"
    for text, named in (
        ("DISCORD_TOKN=x\n", "DISCORD_TOKN: is not a setting; did you mean DISCORD_TOKEN?"),
        ("APIXO_MAX_TASKS=many\n", "APIXO_MAX_TASKS: must be a whole number"),
        ("LOG_LEVEL='INFO\n", "line 1 is not NAME=value; is a quote left open?"),
        ("just words\n", "line 1 is not NAME=value"),
    ):
        path.write_text(text)
        code, said = await set_up(harness)
        assert (code, named in said, "Bot token" in said) == (2, True, False), said
        assert path.read_text() == text


async def test_who_does_not_answer_can_be_asked_again_or_left(harness: ServiceHarness):
    """An outage of Discord's does not keep anybody from going on; the doctor sees it at the end."""
    harness.discord.faults.add("GET", "/users/@me", Fault(status=503), times=None)
    token, key = harness.discord.token, harness.apixo.key
    answers = [token, "y", "perhaps", "n", key, "", "", "", "", ""]
    code, said = await set_up(harness, answers="\n".join(answers) + "\n")
    assert code == 1
    assert said.count("Discord answered 503.") == 2
    assert "Type y or n." in said
    assert "FAIL  token: Discord answered 503" in said
    assert f"DISCORD_TOKEN={token}" in (folder_of(harness) / ".env").read_text()


async def test_a_private_bot_in_no_server_is_told_how_it_gets_into_one(harness: ServiceHarness):
    """The link that the README shows, with the application's id; and what keeps it from working."""
    world = harness.discord.world
    world.is_bot_public, world.requires_code_grant = False, True
    for guild in [*world.guilds.values()]:
        world.remove_bot(guild)
    answers = f"{harness.discord.token}\n\n{harness.apixo.key}\n" + "\n" * 5
    code, said = await set_up(harness, answers=answers)
    assert code == 1
    assert "Open that link, add the bot to your server, then press Enter:" in said
    assert "in no server yet" in said
    assert "Only you can invite it." in said
    assert "Requires OAuth2 Code Grant" in said


async def test_a_setting_of_the_environment_is_left_to_it(harness: ServiceHarness, tmp_path: Path):
    """It goes before `.env`; so does a file that is named. Both are looked at all the same."""
    secret = tmp_path / "key"
    secret.write_text(harness.apixo.key)
    environment = {
        **environment_of(harness),
        "DISCORD_TOKEN": harness.discord.token,
        "APIXO_API_KEY_FILE": str(secret),
    }
    folder = folder_of(harness)
    code, said = await run_piped(folder, environment, ["setup"], "\n" * 5)
    assert code == 0, said
    assert "DISCORD_TOKEN is given by the environment or a file" in said
    assert not (folder / ".env").exists()


async def test_a_postgresql_that_is_not_there_is_said_at_once(harness: ServiceHarness):
    """And never its password."""
    answers = [harness.discord.token, harness.apixo.key, "", "", "", "y"]
    answers += ["postgresql://u:canary-password@127.0.0.1:9/x", "mysql://x"]
    code, said = await set_up(harness, answers="\n".join(answers) + "\n")
    assert code == 1
    assert "The database does not answer" in said
    assert "must begin with sqlite:/// or postgresql://" in said
    assert "canary-password" not in said
    assert said.splitlines()[-1] == "Setup was not finished. Nothing was changed."
