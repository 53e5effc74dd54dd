"""The `assent` command: one file a command group."""
