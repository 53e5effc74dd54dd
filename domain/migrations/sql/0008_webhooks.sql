-- An endpoint that is told what happened: where, about what, signed with which secrets, and how far it was told.
-- The row is the outbox and the bookmark at once: what lies in the ledger above `delivered_up_to` is still to be sent.
CREATE TABLE webhook (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  url text NOT NULL CHECK (url ~ '^https?://'),
  -- null: all.
  actions consent_action[] CHECK (cardinality(actions) > 0),
  -- Encrypted under a key that is derived from ASSENT_SECRET.
  secret bytea NOT NULL,
  old_secret bytea,
  old_secret_until timestamptz,
  actor text NOT NULL,
  created_at timestamptz NOT NULL,
  delivered_up_to bigint NOT NULL,
  -- The batch under way: fixed before it is first sent, so that each try carries the same events under the same id.
  batch_id uuid,
  batch_up_to bigint CHECK (batch_up_to > delivered_up_to),
  attempts integer NOT NULL DEFAULT 0,
  failing_since timestamptz,
  next_attempt_at timestamptz NOT NULL,
  last_error text,
  disabled_at timestamptz,
  -- The worker that delivers, and how long it may be silent.
  lease_owner uuid,
  lease_until timestamptz,
  PRIMARY KEY (account_id, id),
  CHECK (num_nonnulls(batch_id, batch_up_to) IN (0, 2)),
  CHECK (num_nonnulls(old_secret, old_secret_until) IN (0, 2)),
  CHECK (num_nonnulls(lease_owner, lease_until) IN (0, 2))
);
-- Workers look across accounts.
CREATE INDEX webhook_due ON webhook (next_attempt_at) WHERE disabled_at IS NULL;

CREATE TYPE webhook_delivery_kind AS ENUM ('EVENTS', 'REDELIVERY', 'TEST');

-- One try, or (queued) one that somebody asked for. The newest of each endpoint are kept.
CREATE TABLE webhook_delivery (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  kind webhook_delivery_kind NOT NULL,
  message_id text NOT NULL,
  after_position bigint NOT NULL,
  up_to_position bigint NOT NULL,
  events integer,
  attempt integer NOT NULL,
  created_at timestamptz NOT NULL,
  taken_until timestamptz,
  -- null: not sent yet.
  sent_at timestamptz,
  milliseconds integer,
  status integer,
  error text,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, webhook_id) REFERENCES webhook (account_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_delivery_log ON webhook_delivery (account_id, webhook_id, id);
CREATE INDEX webhook_delivery_queued ON webhook_delivery (created_at) WHERE sent_at IS NULL;
