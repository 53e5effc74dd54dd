-- What an account writes for its broadcasts and its transactional mail.
CREATE TABLE template (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  key text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{0,62}$'),
  name text NOT NULL CHECK (name <> ''),
  channel channel NOT NULL DEFAULT 'EMAIL' CHECK (channel IN ('EMAIL', 'SMS')),
  -- Marketing: both parts hold the link to leave.
  marketing boolean NOT NULL,
  -- SMS: our words on how to leave are put below it.
  opt_out_words boolean NOT NULL DEFAULT false,
  -- Names of its own, which sendTransactional brings values for.
  fields text[] NOT NULL DEFAULT '{}',
  subject text NOT NULL,
  text text NOT NULL,
  html text NOT NULL,
  -- Counts the changes of its words.
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, key),
  CHECK (NOT marketing OR fields = '{}'),
  -- A text message is text alone.
  CHECK (channel = 'EMAIL' OR (subject = '' AND html = '')),
  CHECK (channel = 'SMS' OR NOT opt_out_words)
);
-- What a template said before it was changed, for the messages that were asked for by then.
CREATE TABLE template_past (
  account_id uuid NOT NULL,
  template_id uuid NOT NULL,
  version integer NOT NULL,
  subject text NOT NULL,
  text text NOT NULL,
  html text NOT NULL,
  replaced_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, template_id, version),
  FOREIGN KEY (account_id, template_id) REFERENCES template (account_id, id)
);
ALTER TABLE journey ADD FOREIGN KEY (account_id, template_id) REFERENCES template (account_id, id);
-- A message for a contact. Its mail in the outbox has the same id, and says how far it has got.
CREATE TYPE message_status AS ENUM ('WAITING', 'HANDED_ON', 'REFUSED', 'CANCELED');
ALTER TYPE mail_kind ADD VALUE 'MESSAGE';
CREATE TABLE message (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  contact_id uuid NOT NULL,
  template_id uuid NOT NULL,
  -- The template's when the message was asked for: it says what that one says.
  template_version integer NOT NULL,
  purpose send_purpose NOT NULL,
  topic_id uuid,
  operation_id uuid,
  actor text NOT NULL,
  data jsonb NOT NULL DEFAULT '{}',
  asked_at timestamptz NOT NULL,
  status message_status NOT NULL DEFAULT 'WAITING',
  reasons send_block[] NOT NULL DEFAULT '{}',
  address_id uuid,
  idempotency_key text,
  input_hash bytea,
  PRIMARY KEY (account_id, id),
  -- Nobody gets a broadcast twice.
  UNIQUE (account_id, operation_id, contact_id),
  UNIQUE (account_id, idempotency_key),
  FOREIGN KEY (account_id, template_id) REFERENCES template (account_id, id),
  FOREIGN KEY (account_id, contact_id) REFERENCES contact (account_id, id) ON DELETE CASCADE,
  CHECK ((status = 'REFUSED') = (reasons <> '{}'))
);
-- That somebody sent a test, for as long as it counts against their limit. Of the message nothing is kept.
CREATE TABLE test_message (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  actor text NOT NULL,
  sent_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX message_contact ON message (account_id, contact_id);
