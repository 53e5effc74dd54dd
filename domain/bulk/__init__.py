"""Changing many: a row that is the outbox, its selection written down in parts, a part a transaction."""
