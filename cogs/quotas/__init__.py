"""Quotas and grants, as members see them and managers set them."""
