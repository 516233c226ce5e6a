"""Persistence: jobs, ledger, settings and media files; all SQL is in this package."""
