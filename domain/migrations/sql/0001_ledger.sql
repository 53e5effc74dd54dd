-- How permission was obtained, or why it was withdrawn, in words. Erasure can empty a row; the ledger keeps its id.
CREATE TABLE evidence (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  method evidence_method,
  statement text,
  obtained_at timestamptz,
  url text,
  ip inet,
  user_agent text,
  reason text,
  PRIMARY KEY (account_id, id)
);

-- Ids, enums and times alone; no foreign key to what can be erased.
CREATE SEQUENCE ledger_position AS bigint CACHE 1;
CREATE TABLE ledger (
  account_id uuid NOT NULL,
  position bigint NOT NULL,
  occurred_at timestamptz NOT NULL,
  action consent_action NOT NULL,
  source consent_source NOT NULL,
  channel channel,
  consent_from consent_status,
  consent_to consent_status,
  contact_id uuid,
  address_id uuid,
  topic_id uuid,
  evidence_id uuid,
  operation_id uuid,
  actor text NOT NULL,
  PRIMARY KEY (account_id, position)
);
CREATE INDEX ledger_contact ON ledger (account_id, contact_id, position);
CREATE INDEX ledger_address ON ledger (account_id, address_id, position) WHERE address_id IS NOT NULL;

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger FROM PUBLIC, CURRENT_USER;

-- The tick: once every transaction up to `xid` has ended, every entry up to `reached` is visible, and none can
-- appear below it any more. The order of the two reads is what makes it true; a writer has an xid before it
-- draws a position, because it locks or inserts first.
CREATE FUNCTION ledger_tick(OUT reached bigint, OUT xid xid8) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END INTO reached FROM ledger_position s;
  xid := pg_current_xact_id();
END $$;
