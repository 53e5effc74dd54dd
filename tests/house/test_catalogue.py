"""What the database itself promises, read from its catalogue."""

import pytest
from tortoise import Tortoise
from tortoise.models import Model

from domain.infra.db import pool

BOOKKEEPING = "tortoise_migrations"


async def test_every_key_leads_with_the_account(db: None) -> None:
    """Each primary, unique and foreign key starts with account_id, so the schema shards by account unchanged."""
    rows = await pool().fetch(
        """
        SELECT c.conrelid::regclass::text AS "table", c.conname, a.attname
          FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
         WHERE c.contype IN ('p', 'u', 'f') AND c.connamespace = 'public'::regnamespace
        """
    )
    assert [tuple(row) for row in rows if row["attname"] != "account_id" and row["table"] != BOOKKEEPING] == []
    assert {row["table"] for row in rows} >= {"account", "contact", "address", "ledger", "bulk_part", "group_member"}


async def test_every_unique_index_leads_with_the_account(db: None) -> None:
    """Unique indexes that are no constraints start with account_id too."""
    rows = await pool().fetch(
        """
        SELECT i.indrelid::regclass::text AS "table", i.indexrelid::regclass::text AS index, a.attname
          FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
          JOIN pg_class t ON t.oid = i.indrelid
         WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace
        """
    )
    assert [tuple(row) for row in rows if row["attname"] != "account_id" and row["table"] != BOOKKEEPING] == []


async def test_every_table_has_a_key_and_an_account(db: None) -> None:
    """No table stands outside an account or without a primary key."""
    rows = await pool().fetch(
        """
        SELECT c.oid::regclass::text AS "table",
               EXISTS (SELECT FROM pg_constraint p WHERE p.conrelid = c.oid AND p.contype = 'p') AS keyed,
               EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account_id') AS scoped
          FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
        """
    )
    assert [row["table"] for row in rows if not (row["keyed"] and row["scoped"])] in ([], [BOOKKEEPING])


async def test_models_match_their_tables(db: None) -> None:
    """Each model's columns are the table's, null where the table's are."""
    rows = await pool().fetch(
        "SELECT table_name, column_name, is_nullable = 'YES' AS nullable FROM information_schema.columns"
        " WHERE table_schema = 'public'"
    )
    columns = {(row["table_name"], row["column_name"]): row["nullable"] for row in rows}
    models: list[type[Model]] = list((Tortoise.apps or {})["assent"].values())
    assert models
    for model in models:
        for name, field in model._meta.fields_map.items():
            column = (model._meta.db_table, field.source_field or name)
            if field.has_db_field:
                assert columns.get(column, "missing") == field.null, column


@pytest.mark.parametrize(
    "statement",
    [
        (
            "INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id)"
            " VALUES (uuidv7(), uuidv7(), 'SMS', 2, uuidv7())"
        ),
        (
            "INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id)"
            " VALUES (uuidv7(), uuidv7(), 'EMAIL', 4, uuidv7())"
        ),
        "INSERT INTO address (account_id, id, channel, hash) VALUES (uuidv7(), uuidv7(), 'FAX', sha256('x'))",
        "INSERT INTO address (account_id, id, channel, hash) VALUES (uuidv7(), uuidv7(), 'EMAIL', 'short')",
    ],
)
async def test_the_database_refuses_what_the_rules_forbid(db: None, statement: str) -> None:
    """A slot out of range, a channel that is none, a hash that is none: refused below the code."""
    with pytest.raises(Exception, match=r"violates|invalid"):
        await pool().execute(statement)


async def test_the_ledgers_grants_refuse_update_and_delete(db: None) -> None:
    """Not even the ledger's owner was left the right to change or empty it."""
    rows = await pool().fetch(
        """
        SELECT (aclexplode(relacl)).grantee, (aclexplode(relacl)).privilege_type AS privilege
          FROM pg_class WHERE oid = 'ledger'::regclass
        """
    )
    granted = {row["privilege"] for row in rows}
    assert {"INSERT", "SELECT"} <= granted
    assert not granted & {"UPDATE", "DELETE", "TRUNCATE"}


async def test_what_is_not_looked_up_is_what_was_decided(db: None) -> None:
    """ADR 6 names every relation that the database does not check row by row."""
    rows = await pool().fetch(
        """
        SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent FROM pg_constraint
         WHERE contype = 'f' AND NOT conenforced AND connamespace = 'public'::regnamespace ORDER BY 1, 2
        """
    )
    assert [tuple(row) for row in rows] == [
        ("contact", "account"),
        ("contact_point", "address"),
        ("contact_point", "contact"),
        ("contact_state", "contact"),
    ]
