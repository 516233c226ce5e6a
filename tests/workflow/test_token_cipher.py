"""Tokens of interactions as they lie in the database."""

from workflow.token_cipher import TokenCipher


def test_a_token_is_read_with_the_bots_token_alone() -> None:
    """Two encryptions differ, and neither shows it."""
    cipher = TokenCipher("the bot's token")
    texts = [cipher.encrypt("secret", "row") for _ in "12"]
    assert texts[0] != texts[1]
    assert "secret" not in "".join(texts)
    assert [TokenCipher("the bot's token").decrypt(text, "row") for text in texts] == ["secret"] * 2
    assert TokenCipher("another token").decrypt(texts[0], "row") is None


def test_a_token_stays_in_its_row() -> None:
    """Moved to another member's row, or damaged, it is none."""
    cipher = TokenCipher("the bot's token")
    text = cipher.encrypt("secret", "job:1")
    assert cipher.decrypt(text, "job:2") is None
    assert cipher.decrypt(text[:-4], "job:1") is None
    assert cipher.decrypt("no base64!", "job:1") is None
    assert cipher.decrypt("", "job:1") is None
