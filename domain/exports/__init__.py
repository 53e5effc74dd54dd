"""Lists on their way out: contacts, and opt-outs alone, streamed from the database into a file."""
