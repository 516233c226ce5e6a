"""APIXO's client: submits videos, asks how they do, and fetches them; usable alone."""
