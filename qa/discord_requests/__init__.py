"""Holds recorded requests against Discord's own OpenAPI document."""
