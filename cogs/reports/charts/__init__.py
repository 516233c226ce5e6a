"""Charts: SVG drawn here, rendered to PNG in a separate process."""
