"""The people on the list: their links, and what they decide by them."""
