"""Looks into strangers' files, in processes of their own and under limits."""
