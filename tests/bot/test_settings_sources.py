"""Names and files of settings: what is misspelt, doubled or unreadable is refused in words."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import DatabaseSettings, Settings, describe

GOOD = "DISCORD_TOKEN=discord-secret\nAPIXO_API_KEY=apixo-secret\n"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Work in a folder of its own, with no setting in the environment."""
    for name, _, _ in describe():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems() -> list[str]:
    """Return what is wrong, line by line."""
    with pytest.raises(SettingsError) as refusal:
        Settings.read()
    assert "secret" not in str(refusal.value)
    return refusal.value.problems


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("USER_DAILY_LIMT_USD", "; did you mean USER_DAILY_LIMIT_USD?"),
        ("GLOBAL_LIMIT_USD", "; did you mean GLOBAL_DAILY_LIMIT_USD?"),
        ("ALLOWED_SERVER", "; did you mean ALLOWED_SERVERS?"),
        ("discord_tokn", "; did you mean DISCORD_TOKEN?"),
        ("XYZZY", ""),
    ],
)
def test_an_unknown_name_in_the_file_is_refused(folder: Path, name: str, meant: str):
    """With the nearest one that there is: a misspelt limit would be no limit."""
    (folder / ".env").write_text(f"{GOOD}{name}=1\n")
    assert problems() == [f"{name.upper()}: is not a setting{meant}"]


def test_names_of_other_programs_pass(folder: Path):
    """Compose, the AWS SDKs, PostgreSQL's own and proxies read the same file."""
    foreign = "AWS_REGION POSTGRES_PASSWORD PGPASSFILE COMPOSE_PROFILES HTTPS_PROXY no_proxy TZ"
    (folder / ".env").write_text(GOOD + "".join(f"{name}=x\n" for name in foreign.split()))
    Settings.read()


@pytest.mark.parametrize(
    ("name", "is_refused"),
    [
        ("USER_DAILY_LIMT_USD", True),
        ("USER_DALY_LIMITS_USD", True),
        ("GLOBAL_DAILY_LIMIT_EUR", False),
        ("HTTP_PROXY", False),
        ("HOST", False),
        ("PORT", False),
        ("HTTP_PORTS", True),
        ("LOG_LEVELS", True),
        ("LOGNAME", False),
    ],
)
def test_a_variable_within_two_letters_of_a_setting_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_refused: bool
):
    """The environment is full of other names; only those that must be meant for one count."""
    (folder / ".env").write_text(GOOD)
    monkeypatch.setenv(name, "1")
    if is_refused:
        (problem,) = problems()
        assert problem.startswith(f"{name}: is not a setting; did you mean ")
    else:
        Settings.read()


def test_a_setting_that_is_given_makes_its_neighbours_foreign(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """Somebody's own name beside ours is not taken for a slip."""
    (folder / ".env").write_text(f"{GOOD}HTTP_PORT=9000\n")
    monkeypatch.setenv("HTTP_PORTS", "1")
    assert Settings.read().http_port == 9000


def test_every_setting_can_be_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """In the environment or in `.env`; the last line break is no part of it."""
    (folder / "token").write_text("discord-secret\n")
    (folder / "key").write_bytes(b"\xef\xbb\xbfapixo-secret\r\n")
    (folder / "limit").write_text("2.50")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(folder / "token"))
    (folder / ".env").write_text(
        f"APIXO_API_KEY_FILE={folder / 'key'}\nUSER_DAILY_LIMIT_USD_FILE=limit\n"
    )
    settings = Settings.read()
    assert settings.discord_token.get_secret_value() == "discord-secret"
    assert settings.apixo_api_key.get_secret_value() == "apixo-secret"
    assert settings.user_daily_limit_usd == 2_500_000


def test_a_setting_and_its_file_at_once_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """It would be unclear which one counts."""
    (folder / "token").write_text("other-secret")
    (folder / ".env").write_text(GOOD)
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(folder / "token"))
    assert problems() == ["DISCORD_TOKEN: is given itself and as DISCORD_TOKEN_FILE; leave one out"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\xff\xfed\x00", "is not UTF-8"),
        (b"x" * 70_000, "is too large for a setting"),
    ],
    ids=["missing", "UTF-16", "too large"],
)
def test_a_file_that_is_no_setting_is_named(folder: Path, content: bytes | None, words: str):
    """With the setting and the reason, beside everything else that is wrong."""
    if content is not None:
        (folder / "url").write_bytes(content)
    (folder / ".env").write_text(f"{GOOD}DATABASE_URL_FILE=url\nHTTP_PORT=x\n")
    assert problems() == [f"DATABASE_URL_FILE: url {words}", "HTTP_PORT: must be a whole number"]


def test_a_value_from_a_file_is_checked_like_any_other(folder: Path):
    """The setting is named, not the file's content."""
    (folder / "token").write_text("Bot secret-token")
    (folder / ".env").write_text("APIXO_API_KEY=k\nDISCORD_TOKEN_FILE=token\n")
    assert problems() == ["DISCORD_TOKEN: is the token alone: leave out `Bot ` before it"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (GOOD.encode("utf-16"), ".env: is written as UTF-16: save it as UTF-8"),
        (GOOD.encode("utf-16-le"), ".env: is written as UTF-16: save it as UTF-8"),
        (f"{GOOD}# f\xfcr\n".encode("latin-1"), ".env: is not UTF-8 in line 3: save it as UTF-8"),
    ],
    ids=["UTF-16", "UTF-16 without its mark", "Latin-1"],
)
def test_another_encoding_is_named(folder: Path, raw: bytes, words: str):
    """With what to do about it."""
    (folder / ".env").write_bytes(raw)
    assert problems() == [words]


def test_a_mark_at_the_beginning_is_no_part_of_a_name(folder: Path):
    """As Windows' editor writes it."""
    (folder / ".env").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert Settings.read().discord_token.get_secret_value() == "discord-secret"


def test_what_cannot_be_read_is_named(folder: Path):
    """A folder instead of a file, as Docker makes it for a missing one."""
    (folder / ".env").mkdir()
    (problem,) = problems()
    assert problem.startswith(".env: cannot be read (")


def test_commands_that_maintain_the_data_look_at_names_too(folder: Path):
    """A misspelt DATABASE_URL must not lead to another database."""
    (folder / ".env").write_text("DATABASE_URI=sqlite:///other.db\n")
    with pytest.raises(SettingsError, match=r"DATABASE_URI: .* did you mean DATABASE_URL\?"):
        DatabaseSettings.read()
