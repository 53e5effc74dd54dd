"""Accounts, their keys and their topics."""
