"""A sample account: contacts in every state, to explore and to demonstrate with."""
