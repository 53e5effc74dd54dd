"""Mail: put together, kept until it is handed over, handed over."""
