-- The row is the outbox: written in the transaction of the request, found by the sweep if the bell was never heard.
CREATE TABLE bulk_operation (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  kind bulk_kind NOT NULL,
  status bulk_status NOT NULL DEFAULT 'QUEUED',
  actor text NOT NULL,
  summary text NOT NULL,
  change jsonb NOT NULL,
  selection jsonb NOT NULL,
  evidence_id uuid,
  idempotency_key text CHECK (idempotency_key <> ''),
  input_hash bytea NOT NULL,
  total integer,
  changed integer NOT NULL DEFAULT 0,
  unchanged integer NOT NULL DEFAULT 0,
  skipped integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  outcomes jsonb NOT NULL DEFAULT '{}',
  cancel_requested boolean NOT NULL DEFAULT false,
  attempts integer NOT NULL DEFAULT 0,
  -- Not before; null: at once.
  starts_at timestamptz,
  lease_until timestamptz,
  error text,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, kind, idempotency_key)
);
CREATE INDEX bulk_operation_unfinished ON bulk_operation (account_id, id) WHERE finished_at IS NULL;

CREATE TABLE bulk_part (
  account_id uuid NOT NULL,
  operation_id uuid NOT NULL,
  number integer NOT NULL,
  contact_ids uuid[] NOT NULL,
  done_at timestamptz,
  PRIMARY KEY (account_id, operation_id, number),
  FOREIGN KEY (account_id, operation_id) REFERENCES bulk_operation (account_id, id) ON DELETE CASCADE
);

-- Ids hardly compress, and trying takes longer than writing them.
ALTER TABLE bulk_part ALTER COLUMN contact_ids SET STORAGE EXTERNAL;

CREATE TABLE bulk_refusal (
  account_id uuid NOT NULL,
  operation_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  contact_id uuid NOT NULL,
  address_id uuid,
  code text NOT NULL,
  PRIMARY KEY (account_id, operation_id, id)
);
-- No foreign key: two parts at work would hold the operation's row together, and each refusal would look at both.
