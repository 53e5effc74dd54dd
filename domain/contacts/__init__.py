"""Contacts: their details, addresses, topics and tags; finding, selecting and counting them."""
