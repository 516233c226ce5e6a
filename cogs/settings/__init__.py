"""The settings panel of a server, for its managers."""
