"""What the service answers over HTTP: health, metrics, APIXO's callbacks, and signed links."""
