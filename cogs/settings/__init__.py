"""The panel on which managers see and change what counts on their server."""
