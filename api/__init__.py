"""The GraphQL API: translates, never decides."""
