"""Loads Discord's library, which warns on its way, before anything here does."""

import tests.sandbox.discord.stock  # noqa: F401
