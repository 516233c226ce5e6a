"""Simulates a month of the service, or a storm at APIXO, in one process and out of one seed."""
