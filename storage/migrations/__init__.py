"""Builds the schema, and carries it from version to version."""
