"""Changing many contacts: bulk operations, seen from outside."""
