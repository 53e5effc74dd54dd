"""Text messages on their way out: to a provider's HTTP interface, or into a folder on this machine."""
