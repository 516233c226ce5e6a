"""The service process: start, shutdown, and the composition of its objects."""
