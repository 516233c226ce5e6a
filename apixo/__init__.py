"""Client for APIXO: submits videos, polls their status, downloads results; usable on its own."""
