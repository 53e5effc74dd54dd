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

ALTER TABLE account
  ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC',
  -- In which we speak for it where nobody's own language is known.
  ADD COLUMN language text NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2}$');

CREATE TYPE journey_trigger AS ENUM ('BY_HAND', 'FIRST_OPT_IN', 'YEARLY', 'EVENT');
CREATE TABLE journey (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  key text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{0,62}$'),
  name text NOT NULL CHECK (name <> ''),
  topic_id uuid,
  -- What it says: whatever the template says when the mail goes.
  template_id uuid NOT NULL,
  trigger journey_trigger NOT NULL,
  -- YEARLY: the attribute that holds the date, and the hour of the day in the account's time zone.
  attribute text,
  hour smallint NOT NULL DEFAULT 9 CHECK (hour BETWEEN 0 AND 23),
  -- EVENT: what an integrator calls it.
  event text,
  enabled boolean NOT NULL,
  missed_days integer NOT NULL CHECK (missed_days BETWEEN 1 AND 365),
  created_at timestamptz NOT NULL,
  -- FIRST_OPT_IN: up to which ledger position it was looked for. Moves with what was found, in one transaction.
  looked_upto bigint NOT NULL DEFAULT 0,
  -- YEARLY: the last day that was dealt with.
  dealt_with date,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, key),
  FOREIGN KEY (account_id, topic_id) REFERENCES topic (account_id, id),
  CHECK ((trigger = 'YEARLY') = (attribute IS NOT NULL)),
  CHECK ((trigger = 'EVENT') = (event IS NOT NULL))
);
-- A contact on an occasion of a journey: once, whoever says so how often. Its mail waits in the outbox, and is judged
-- when it is put together: then it goes, or is missed.
CREATE TYPE journey_status AS ENUM ('WAITING', 'HANDED_ON', 'MISSED');
ALTER TYPE mail_kind ADD VALUE 'JOURNEY';
CREATE TABLE journey_entry (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  journey_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  occasion text NOT NULL CHECK (occasion <> ''),
  status journey_status NOT NULL DEFAULT 'WAITING',
  entered_at timestamptz NOT NULL,
  reasons send_block[] NOT NULL DEFAULT '{}',
  missed_at timestamptz,
  expires_at timestamptz,
  resent_at timestamptz,
  resent_by text,
  operation_id uuid,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, journey_id, contact_id, occasion),
  FOREIGN KEY (account_id, journey_id) REFERENCES journey (account_id, id),
  FOREIGN KEY (account_id, contact_id) REFERENCES contact (account_id, id) ON DELETE CASCADE,
  CHECK ((missed_at IS NULL) = (expires_at IS NULL)),
  CHECK (status <> 'MISSED' OR missed_at IS NOT NULL)
);
CREATE INDEX journey_entry_contact ON journey_entry (account_id, contact_id);
CREATE INDEX journey_entry_missed ON journey_entry (account_id, contact_id, id) WHERE missed_at IS NOT NULL;
CREATE INDEX journey_entry_missed_page ON journey_entry (account_id, id) WHERE missed_at IS NOT NULL;
