"""Opt-outs alone, brought in from another system: lists of addresses, or of their SHA-256."""
