"""Sends odd inputs into the service's own code; the seed makes each repeatable."""
