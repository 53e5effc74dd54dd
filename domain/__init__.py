"""Assent's domain: who may be contacted, on which channel, about what, and on what proof."""
