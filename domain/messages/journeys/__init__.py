"""Journeys: one message to one contact, at the moment that calls for it, or kept as missed."""
