"""Operator actions on the service and on parked jobs, and the operator's alerts."""
