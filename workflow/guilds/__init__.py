"""Settings, presets, prompt history and notifications of a server."""
