"""Knows when a video may be for its member alone."""

from domain.catalogue import t
from domain.requests import Draft
from domain.servers import ServerSettings


def privacy_rules(settings: ServerSettings, draft: Draft) -> list[str]:
    """Say that a server allows no private videos, if one is asked for."""
    if settings.private_allowed or not draft.private:
        return []
    return [t("This server allows no private videos: leave out the option `private`.")]
