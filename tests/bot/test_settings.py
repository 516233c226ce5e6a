"""Settings: every wrong one is named at once, no secret is shown, and the docs list them all."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, describe
from domain.money import MicroUSD

ROOT = Path(__file__).parents[2]
GOOD = {"DISCORD_TOKEN": "discord-secret", "APIXO_API_KEY": "apixo-secret"}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the machine's settings nor its `.env` reach these tests."""
    for name, _, _ in describe():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in {**GOOD, **values}.items():
        monkeypatch.setenv(name, value)


def test_an_unknown_language_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch):
    """It is named, with what there is to choose from."""
    given(monkeypatch, BOT_LANGUAGE="tlh")
    with pytest.raises(SettingsError, match="BOT_LANGUAGE: must be one of en"):
        Settings.read()


def test_two_settings_are_enough(monkeypatch: pytest.MonkeyPatch):
    """Token and key; everything else has its documented default."""
    given(monkeypatch)
    settings = Settings.read()
    assert settings.apixo_base_url == "https://api.apixo.ai/api/v1"
    assert settings.apixo_result_hosts == ("apixo.ai",)
    assert settings.user_daily_limit_usd == MicroUSD(5_000_000)
    assert settings.server_daily_limit_usd == MicroUSD(50_000_000)
    assert settings.global_daily_limit_usd == MicroUSD(200_000_000)


def test_a_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """`.env` in the working folder, under what the environment says."""
    given(monkeypatch, APIXO_MAX_TASKS="7")
    (tmp_path / ".env").write_text("APIXO_MAX_TASKS=3\nLOG_LEVEL=DEBUG\n")
    settings = Settings.read()
    assert (settings.apixo_max_tasks, settings.log_level) == (7, "DEBUG")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APIXO_BASE_URL", "http://api.apixo.ai/api/v1"),
        ("APIXO_BASE_URL", "ftp://api.apixo.ai"),
        ("APIXO_BASE_URL", "nonsense"),
        ("APIXO_BASE_URL", "http://127.0.0.1.evil.example/api"),
        ("APIXO_RESULT_HOSTS", "https://apixo.ai/"),
        ("APIXO_RESULT_HOSTS", "*.apixo.ai"),
        ("APIXO_RESULT_HOSTS", ".apixo.ai"),
        ("APIXO_RESULT_HOSTS", "apixo.ai:443"),
        ("APIXO_RESULT_HOSTS", "apixo.ai, cdn apixo.ai"),
        ("APIXO_MAX_TASKS", "0"),
        ("APIXO_MAX_TASKS", "many"),
        ("DATABASE_URL", "mysql://x/y"),
        ("DATABASE_URL", "postgresql://u:p#ss@h/x"),
        ("DATABASE_URL", '"postgresql://u@h/x"'),
        ("MEDIA_STORE", "ftp://bucket"),
        ("MEDIA_STORE", "s3://"),
        ("MEDIA_STORE", "s3://UPPER/x"),
        ("MEDIA_STORE", "s3://bucket/a?b"),
        ("PUBLIC_URL", "http://bot.example"),
        ("PUBLIC_URL", "https://bot.example/?a=b"),
        ("PUBLIC_URL", "https://me:word@bot.example"),
        ("PUBLIC_URL", "bot.example"),
        ("HTTP_PORT", "70000"),
        ("USER_DAILY_LIMIT_USD", "five"),
        ("USER_DAILY_LIMIT_USD", "-1"),
        ("SERVER_DAILY_LIMIT_USD", "1e9"),
        ("GLOBAL_DAILY_LIMIT_USD", "NaN"),
        ("CHARGE_FAILED_TASKS", "perhaps"),
        ("DISCORD_API_URL", "http://discord.example/api/v10"),
        ("DISCORD_GATEWAY_URL", "http://127.0.0.1:1/gateway"),
        ("TIME_SCALE", "0"),
        ("TIME_SCALE", "nan"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "LOUD"),
        ("DISCORD_TOKEN", "two words"),
        ("DISCORD_TOKEN", "Bot discord-token"),
        ("DISCORD_TOKEN", "'quoted'"),
        ("APIXO_MAX_TASKS", '"7"'),
        ("APIXO_API_KEY", " "),
        ("APIXO_API_KEY", "ключ"),
    ],
)
def test_a_wrong_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    """One problem, one line, that begins with the setting's name."""
    given(monkeypatch, **{name: value})
    with pytest.raises(SettingsError) as refusal:
        Settings.read()
    (problem,) = refusal.value.problems
    assert problem.startswith(f"{name}: ")
    assert "Input should" not in problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APIXO_BASE_URL", "http://127.0.0.1:9000/api/v1"),
        ("APIXO_BASE_URL", "http://[::1]:9000/api/v1"),
        ("DATABASE_URL", "postgresql://user@db/dailies"),
        ("USER_DAILY_LIMIT_USD", "none"),
        ("USER_DAILY_LIMIT_USD", "$2.50"),
        ("DISCORD_GATEWAY_URL", "ws://localhost:9000/gateway"),
        ("PUBLIC_URL", "https://bot.example/dailies/"),
        ("MEDIA_STORE", "s3://some-bucket/some/prefix"),
        ("MEDIA_STORE", "s3://some-bucket"),
        ("PUBLIC_URL", "http://127.0.0.1:8080"),
        ("TIME_SCALE", "0.5"),
        ("LOG_LEVEL", "debug"),
        ("APIXO_RESULT_HOSTS", "apixo.ai, CDN.example.com"),
        ("CHARGE_FAILED_TASKS", "true"),
    ],
)
def test_a_right_value_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    """No complaint about what the documentation allows."""
    given(monkeypatch, **{name: value})
    Settings.read()


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch):
    """Neither in the settings' own text nor in what is said about wrong ones."""
    given(monkeypatch)
    assert "secret" not in repr(Settings.read()).replace("SecretStr", "")
    given(monkeypatch, DISCORD_TOKEN="discord secret", APIXO_MAX_TASKS="x")
    with pytest.raises(SettingsError) as refusal:
        Settings.read()
    assert "discord secret" not in f"{refusal.value!s}{refusal.value!r}"


@pytest.mark.parametrize("command", [[], ["doctor"]])
def test_the_command_line_names_all_that_is_wrong_and_exits_with_two(
    tmp_path: Path, command: list[str]
):
    """One message, exit code 2, no traceback, no secret."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "APIXO_API_KEY": "apixo secret",
        "APIXO_MAX_TASKS": "-4",
        "LOG_LEVEL": "LOUD",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    for name in ("DISCORD_TOKEN", "APIXO_API_KEY", "APIXO_MAX_TASKS", "LOG_LEVEL"):
        assert f"{name}: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "apixo secret" not in ended.stderr + ended.stdout


def test_the_docs_list_every_setting_with_its_default_and_meaning():
    """The table in docs/settings.md is what the code says, line for line."""
    text = (ROOT / "docs" / "settings.md").read_text()
    for name, default, meaning in describe():
        shown = default if default == "required" else f"`{default}`" if default else "empty"
        assert f"| `{name}` | {shown} | {meaning} |" in text
    listed = re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE)
    assert sorted(listed) == sorted(name for name, _, _ in describe())


def test_the_example_file_lists_every_setting_with_its_default():
    """`.env.example` can be copied and filled in: nothing is missing, nothing is made up."""
    text = (ROOT / ".env.example").read_text()
    listed = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    expected = {name: "" if default == "required" else default for name, default, _ in describe()}
    assert listed == expected


@pytest.fixture
def without_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what reading settings gives the environment out of it afterwards."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("without_s3")
def test_credentials_of_s3_may_stand_in_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The library looks in the environment, which wins; a secret may be a file."""
    given(monkeypatch, AWS_REGION="eu-west-1")
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    (tmp_path / ".env").write_text(
        "AWS_ACCESS_KEY_ID=from .env\nAWS_REGION=us-east-1\nAWS_ENDPOINT_URL=\n"
        f"AWS_SECRET_ACCESS_KEY_FILE={secret}\n"
    )
    Settings.read()
    assert os.environ["AWS_ACCESS_KEY_ID"] == "from .env"
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == "from a file"
    assert os.environ["AWS_REGION"] == "eu-west-1"
    assert "AWS_ENDPOINT_URL" not in os.environ


@pytest.mark.usefixtures("without_s3")
def test_a_secret_of_s3_that_can_not_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """As any setting's is."""
    given(monkeypatch)
    (tmp_path / ".env").write_text("AWS_SECRET_ACCESS_KEY_FILE=nowhere\n")
    with pytest.raises(SettingsError) as refusal:
        Settings.read()
    assert refusal.value.problems[0].startswith("AWS_SECRET_ACCESS_KEY_FILE: nowhere cannot")
    assert "AWS_SECRET_ACCESS_KEY" not in os.environ
