"""Shards: which this process holds, and their connections."""
