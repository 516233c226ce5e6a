"""Looks into strangers' files, in confined processes."""
