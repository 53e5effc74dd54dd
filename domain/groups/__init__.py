"""Groups of contacts."""
