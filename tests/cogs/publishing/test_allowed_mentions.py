"""Sending: whom a message may ping, whatever its text."""

from cogs.publishing.video_messages import mention_only


def test_whoever_is_pinged_is_pinged_alone() -> None:
    """Said to Discord itself, should a text ever get through as it is."""
    assert mention_only(7).to_dict() == {"parse": [], "users": [7]}
