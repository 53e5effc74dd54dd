"""Lists in: where they come from, what they would be taken for."""
