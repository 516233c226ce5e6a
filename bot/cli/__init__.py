"""Subcommands of the command line, besides running the service."""
