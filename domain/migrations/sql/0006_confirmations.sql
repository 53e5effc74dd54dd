-- Mail on its way out. The row is the outbox: written with what it is about, claimed before it is handed over. It holds
-- no address and no words: those are put together when the mail goes, by what stands then.
CREATE TYPE mail_kind AS ENUM ('CONFIRMATION');
CREATE TYPE mail_status AS ENUM ('QUEUED', 'SENDING', 'SENT', 'REFUSED', 'DROPPED', 'UNKNOWN');
CREATE TABLE mail (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  kind mail_kind NOT NULL,
  subject_id uuid NOT NULL,
  status mail_status NOT NULL DEFAULT 'QUEUED',
  attempts integer NOT NULL DEFAULT 0,
  -- Hand-overs of which nobody knows how they ended.
  unknowns integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  next_attempt_at timestamptz NOT NULL,
  lease_until timestamptz,
  handed_over_at timestamptz,
  ended_at timestamptz,
  code integer,
  enhanced_code text,
  -- When it was reported that it came back after all.
  bounced_at timestamptz,
  PRIMARY KEY (account_id, id),
  CHECK ((status = 'SENDING') = (lease_until IS NOT NULL)),
  CHECK ((status IN ('QUEUED', 'SENDING')) = (ended_at IS NULL))
);
-- Workers look across accounts.
CREATE INDEX mail_due ON mail (next_attempt_at) WHERE status = 'QUEUED';
CREATE INDEX mail_sending ON mail (lease_until) WHERE status = 'SENDING';

-- That somebody was asked to confirm: what the link in their mail is for. Ids and times alone.
CREATE TABLE confirmation (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  address_id uuid NOT NULL,
  -- SIGNUP_FORM and PREFERENCE_CENTRE: their own wish.
  source consent_source NOT NULL,
  actor text NOT NULL,
  -- null: not known, for who was asked by the company.
  language text CHECK (language ~ '^[a-z]{2}$'),
  requested_at timestamptz NOT NULL,
  -- What else pressing the button switches on, and gives permission to.
  topics uuid[] NOT NULL DEFAULT '{}',
  phones uuid[] NOT NULL DEFAULT '{}',
  evidence_id uuid,
  confirmed_at timestamptz,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, address_id) REFERENCES address (account_id, id)
);
CREATE INDEX confirmation_address ON confirmation (account_id, address_id, requested_at);

ALTER TABLE account
  ADD COLUMN confirmation_subject text,
  ADD COLUMN confirmation_text text,
  ADD COLUMN confirmation_html text,
  ADD CHECK (num_nonnulls(confirmation_subject, confirmation_text, confirmation_html) IN (0, 3));

-- What a form sent and nobody has worked off yet: the outbox of sign-ups. Deleted in the transaction that does.
CREATE TABLE signup (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  actor text NOT NULL,
  received_at timestamptz NOT NULL,
  email text,
  phone text,
  first_name text,
  last_name text,
  channels channel[] NOT NULL,
  topics uuid[] NOT NULL,
  form_url text NOT NULL,
  wording text NOT NULL,
  double_opt_in boolean NOT NULL,
  language text,
  ip inet,
  user_agent text,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX signup_due ON signup (next_attempt_at);

-- A form as an account set it up: what it asks for, in which words, and where people go afterwards.
CREATE TABLE signup_form (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  wording text NOT NULL CHECK (wording <> ''),
  page_url text,
  return_url text,
  channels channel[] NOT NULL DEFAULT '{EMAIL}',
  topics uuid[] NOT NULL DEFAULT '{}',
  double_opt_in boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id)
);

-- A key that stands in a web page: what it may do, and the origins of the pages that may use it.
ALTER TABLE api_key
  DROP CONSTRAINT api_key_scopes_check,
  ADD CONSTRAINT api_key_scopes_check CHECK (scopes <@ ARRAY['read', 'write', 'bulk', 'admin', 'signup']),
  ADD COLUMN origins text[] NOT NULL DEFAULT '{}';
CREATE INDEX api_key_origins ON api_key USING gin (origins) WHERE origins <> '{}';
