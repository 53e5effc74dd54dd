"""The measured claims, each beside its limit: `make bench`."""
