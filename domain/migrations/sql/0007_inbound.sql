-- What providers and recipients send in: keywords, bounces, complaints.

-- An address that a provider calls. Both secrets are sealed under the signing secret, never in plain text.
CREATE TABLE inbound_hook (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('TWILIO_SMS', 'GENERIC_SMS', 'AMAZON_SES', 'SENDGRID', 'POSTMARK', 'MAILGUN',
                                    'DSN')),
  -- Ours: what makes the address unguessable, and signs a generic hook's messages.
  key bytea NOT NULL,
  -- The provider's: what its calls are checked with.
  secret bytea,
  -- Amazon's topic asks to be confirmed, once, by a person who opens this.
  confirmation_url text,
  created_at timestamptz NOT NULL,
  last_received_at timestamptz,
  PRIMARY KEY (account_id, id)
);

-- What a hook has taken in, so that a provider may deliver it again: SHA-256 of the provider's own id of it.
CREATE TABLE inbound_seen (
  account_id uuid NOT NULL,
  hook_id uuid NOT NULL,
  key bytea NOT NULL CHECK (octet_length(key) = 32),
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, hook_id, key),
  FOREIGN KEY (account_id, hook_id) REFERENCES inbound_hook (account_id, id) ON DELETE CASCADE
);
-- The sweep looks across accounts.
CREATE INDEX inbound_seen_at ON inbound_seen (seen_at);

-- What was reported of an address and is no change of permission. Erasure deletes it.
CREATE TABLE delivery_trouble (
  account_id uuid NOT NULL,
  address_id uuid NOT NULL,
  soft_bounces integer NOT NULL DEFAULT 0 CHECK (soft_bounces >= 0),
  detail text,
  reported_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, address_id),
  FOREIGN KEY (account_id, address_id) REFERENCES address (account_id, id)
);
