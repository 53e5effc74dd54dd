"""Fill an account with contacts, fast: by SQL, in any number."""

from uuid import UUID, uuid4

import asyncpg

# A tenth opted out, a quarter unknown, a twentieth archived; 1.6 addresses a contact, some phones shared.
_FILL = """
CREATE TEMPORARY TABLE person ON COMMIT DROP AS
  SELECT n, uuidv7() AS id, uuidv7() AS email, uuidv7() AS email2, uuidv7() AS sms
    FROM generate_series(1, {contacts}) AS n
"""
_CONTACT = """
INSERT INTO contact (account_id, id, external_id, first_name, last_name, contact_type, updated_at,
                     name, email, phone, search)
SELECT $1, id, 'c' || n, 'First' || n % 997, 'Last' || n % 9973,
       (ARRAY['client', 'partner', 'franchisee'])[n % 3 + 1], now(),
       'First' || n % 997 || ' Last' || n % 9973, 'person' || n || '@example.com', '',
       'first' || n % 997 || ' last' || n % 9973 || ' person' || n || '@example.com'
  FROM person
"""
_STATE = """
INSERT INTO contact_state (account_id, contact_id, lifecycle, topic_on)
SELECT $1, id, (CASE WHEN n % 20 = 0 THEN 'ARCHIVED' ELSE 'ACTIVE' END)::lifecycle, true FROM person
"""
_ADDRESSES = """
INSERT INTO address (account_id, id, channel, consent, deliverability, consent_at, hash, value)
SELECT $1, id, channel::channel,
       (CASE WHEN n % 10 = 1 THEN 'OPTED_OUT' WHEN n % 4 = 0 THEN 'NON_MARKETABLE' WHEN n % 3 = 0 THEN 'DOUBLE_OPT_IN'
        ELSE 'SINGLE_OPT_IN' END)::consent_status,
       (CASE WHEN n % 50 = 7 THEN 'ERROR' ELSE 'OK' END)::deliverability,
       now() - interval '30 days', sha256(convert_to(channel || value, 'UTF8')), value
  FROM (
    SELECT n, email AS id, 'EMAIL' AS channel, 'person' || n || '@example.com' AS value FROM person
    UNION ALL
    SELECT n, email2, 'EMAIL', 'other' || n || '@example.com' FROM person WHERE n % 10 = 3
    UNION ALL
    SELECT n, sms, 'SMS', '+49151' || lpad(n::text, 8, '0') FROM person WHERE n % 2 = 0) AS a
 ORDER BY id
"""
_POINTS = """
INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id)
SELECT $1, id, channel::channel, slot, address_id FROM (
    SELECT n, id, 'EMAIL' AS channel, 1 AS slot, email AS address_id FROM person
    UNION ALL
    SELECT n, id, 'EMAIL', 2, email2 FROM person WHERE n % 10 = 3
    UNION ALL
    SELECT n, id, 'SMS', 1, sms FROM person WHERE n % 2 = 0) AS p
 ORDER BY id
"""
_COUNTS = """
INSERT INTO summary_delta (account_id, channel, lifecycle, consent, deliverability, topic_on, contacts)
SELECT $1, channel, lifecycle, consent, deliverability, topic_on, count(*) FROM (
  SELECT NULL::channel AS channel, lifecycle, NULL::consent_status AS consent,
         NULL::deliverability AS deliverability, topic_on
    FROM contact_state WHERE account_id = $1
  UNION ALL
  SELECT a.channel, s.lifecycle, a.consent, a.deliverability, s.topic_on
    FROM contact_point p JOIN contact_state s USING (account_id, contact_id)
    JOIN address a ON a.account_id = p.account_id AND a.id = p.address_id
   WHERE p.account_id = $1 AND p.slot = 1) AS cells
 GROUP BY 1, 2, 3, 4, 5, 6
"""


async def account(connection: asyncpg.Connection, contacts: int) -> UUID:
    """A new account with so many contacts, in every state; their email addresses outnumber them by a tenth."""
    account_id = uuid4()
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO account (account_id, name, contact_types, address_key, created_at)"
            " VALUES ($1, 'Bench', ARRAY['client', 'partner', 'franchisee'], $2, now())",
            account_id,
            bytes(32),
        )
        await connection.execute(_FILL.format(contacts=contacts))
        for statement in (_CONTACT, _STATE, _ADDRESSES, _POINTS):
            await connection.execute(statement, account_id)
        await connection.execute("ANALYZE contact, contact_state, address, contact_point")
        await connection.execute(_COUNTS, account_id)
    return account_id
