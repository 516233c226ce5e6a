"""Inspection of untrusted media files in confined processes."""
