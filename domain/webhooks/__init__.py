"""Webhooks: endpoints that are told what the ledger says, in order, at least once, signed (Standard Webhooks)."""
