"""Quotas, settlement, and the reconciliation of the ledger with the balance at APIXO."""
