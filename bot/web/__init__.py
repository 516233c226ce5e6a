"""HTTP endpoints: health, metrics, APIXO callbacks, and signed media links."""
