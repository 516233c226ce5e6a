"""Lines of `.env`: one value is changed, and nothing else."""

import os
import stat
from pathlib import Path

import pytest

from bot.cli.env_file import change_values, write_env_file
from bot.errors import CannotWrite, SettingsError
from bot.settings_sources import parse_env

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "A=new\n"),
        ("A=old", "A=new"),
        ("A=\nB=2", "A=new\nB=2"),
        ("\nA=", "\nA=new"),
        ("A=old\nB=2", "A=new\nB=2"),
        ("B=2", "B=2\nA=new\n"),
        ("B=2\r\n", "B=2\r\nA=new\r\n"),
        ("a = old # why\n", "a = new # why\n"),
        ("A='o # ld' # why\n", "A=new # why\n"),
        ('A="o\nld"\nB=2\n', "A=new\nB=2\n"),
        ("export A=old\n", "export A=new\n"),
        ("A=1\nA=2\n", "A=1\nA=new\n"),
        ("A\nB=2\n", "A=new\nB=2\n"),
        ("# A=5\n# B=5\n", "# A=5\nA=new\n# B=5\n"),
        ("\n\n  A=old\n\n", "\n\n  A=new\n\n"),
        ("AA=1\nXA=2\n", "AA=1\nXA=2\nA=new\n"),
    ],
)
def test_one_value_is_changed(before: str, after: str):
    """Comments, blank lines, line breaks and other values stay as they are."""
    assert change_values(before, {"A": "new"}) == after
    assert parse_env(after)["A"] == "new"


@pytest.mark.parametrize("value", ["a$b", "a#b", "a=b", "a'b", "a\\nb", "postgresql://u:p%40@h/x"])
def test_a_value_is_read_as_it_was_given(value: str):
    """Whatever it looks like."""
    assert parse_env(change_values("", {"A": value}))["A"] == value


@pytest.mark.parametrize("value", ["${HOME}", "a b #c", "'quoted'", " a"])
def test_a_value_that_would_be_read_as_another_is_refused(value: str):
    """With the way that holds anything."""
    with pytest.raises(CannotWrite, match="A_FILE"):
        change_values("", {"A": value})


def test_the_example_is_what_a_new_file_begins_with(tmp_path: Path):
    """With its comments; a link stays a link."""
    example = (ROOT / ".env.example").read_text()
    (tmp_path / ".env.example").write_text(example)
    write_env_file(tmp_path / ".env", {"DISCORD_TOKEN": "x"})
    assert (tmp_path / ".env").read_text() == example.replace("TOKEN=\n", "TOKEN=x\n")
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / ".env").rename(elsewhere)
    (tmp_path / ".env").symlink_to(elsewhere)
    os.chown(elsewhere, 10_001, 10_001)
    write_env_file(tmp_path / ".env", {"DISCORD_TOKEN": "y"})
    assert (tmp_path / ".env").is_symlink()
    now = elsewhere.stat()
    assert (now.st_uid, stat.S_IMODE(now.st_mode)) == (10_001, 0o600)


def test_what_cannot_be_written_is_a_sentence(tmp_path: Path):
    """And leaves nothing behind."""
    with pytest.raises(CannotWrite, match="No such file or directory"):
        write_env_file(tmp_path / "nowhere" / ".env", {"A": "x"})
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match="Is a directory"):
        write_env_file(tmp_path / ".env", {"A": "x"})
    assert [one.name for one in tmp_path.iterdir()] == [".env"]
