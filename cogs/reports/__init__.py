"""Spending reports for members and managers, and weekly summaries for channels."""
