"""Loads Discord's library, which warns on its way, before anything here does."""

import tests.harness.stock_client  # noqa: F401
