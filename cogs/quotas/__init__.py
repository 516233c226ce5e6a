"""Quotas and grants, for members and managers."""
