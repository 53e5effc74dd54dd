"""One file a provider: how its calls are checked, and what they say."""
