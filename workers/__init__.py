"""The processes that do what the API only writes down: they loop, retry and log, and never decide."""
