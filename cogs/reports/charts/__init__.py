"""How figures become pictures: SVG written here, turned into PNG beside the service."""
