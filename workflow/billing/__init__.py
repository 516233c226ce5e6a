"""Quotas, settlement, and how the ledger and the balance at APIXO stand to each other."""
