"""Starts and stops the service; the only place where its objects are built."""
