"""Video tools: frames and smaller copies, made by PyAV (extra `media`) in confined processes."""
