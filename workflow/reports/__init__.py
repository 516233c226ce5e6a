"""Spend reports, their CSV export, weekly summaries and metrics."""
