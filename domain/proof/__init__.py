"""Proof for one person: what is held about their permission, and about them."""
