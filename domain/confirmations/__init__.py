"""Double opt-in: asking an address to confirm, and what its owner's answer does."""
