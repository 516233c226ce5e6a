"""Servers: whether videos can be posted there, and what becomes of jobs where they cannot."""
