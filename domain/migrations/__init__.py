"""The schema, step by step. Each step is SQL: composite keys, enums and triggers are beyond the ORM's words."""
