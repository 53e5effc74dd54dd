CREATE TYPE send_purpose AS ENUM ('BROADCAST', 'JOURNEY', 'TRANSACTIONAL', 'CONFIRMATION');
CREATE TYPE send_block AS ENUM (
  'UNKNOWN_CONTACT', 'NO_ADDRESS', 'NON_MARKETABLE', 'OPTED_OUT', 'UNDELIVERABLE', 'ARCHIVED', 'TOPIC_OFF');

-- That somebody who sends by other means asked whom they may send to, and what each was answered. Ids and times alone,
-- as in the ledger; no foreign key to what can be erased.
CREATE TABLE send_authorization (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  actor text NOT NULL,
  purpose send_purpose NOT NULL,
  channel channel NOT NULL,
  topic_id uuid,
  asked integer NOT NULL,
  allowed integer NOT NULL,
  answered_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE TABLE send_answer (
  account_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  authorization_id uuid NOT NULL,
  address_id uuid,
  -- The ledger entry that the permission rested on.
  proof bigint,
  activated boolean NOT NULL,
  reasons send_block[] NOT NULL,
  PRIMARY KEY (account_id, contact_id, authorization_id)
);
