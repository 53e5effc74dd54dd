"""Webhooks: endpoints that are told what the ledger says."""
