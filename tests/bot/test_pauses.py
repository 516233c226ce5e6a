"""Pauses grow, have jitter and an end."""

from bot.pauses import LONGEST_PAUSE_S, growing_pause_s


def test_pauses_double_up_to_the_longest():
    """Each is between the half of its length and the whole."""
    for failures, longest_s in ((1, 2), (2, 4), (3, 8), (10, LONGEST_PAUSE_S), (10**6, 120)):
        drawn = {growing_pause_s(failures) for _ in range(50)}
        assert len(drawn) > 1
        assert all(longest_s / 2 <= pause_s <= longest_s for pause_s in drawn)
    assert growing_pause_s(99, 3_600) >= 1_800
