"""Messages: the gate asked, the sender behind it, and what was sent."""
