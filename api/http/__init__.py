"""What the API serves besides GraphQL: its pages for developers, health, metrics, files."""
