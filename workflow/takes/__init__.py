"""Takes: videos of one request that are made side by side, and posted together."""
