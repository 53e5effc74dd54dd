CREATE TABLE account (
  account_id uuid PRIMARY KEY,
  name text NOT NULL CHECK (name <> ''),
  opt_out_policy opt_out_policy NOT NULL DEFAULT 'WITH_EVIDENCE',
  contact_types text[] NOT NULL,
  default_country text CHECK (default_country ~ '^[A-Z]{2}$'),
  postal_address text,
  -- Keys the hashes that outlive an erased address. Never rotated: suppression rests on it.
  address_key bytea NOT NULL CHECK (octet_length(address_key) = 32),
  created_at timestamptz NOT NULL
);

CREATE TABLE api_key (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  name text NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  scopes text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'write', 'bulk', 'admin']),
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  PRIMARY KEY (account_id, id)
);
-- A credential arrives without its account, so this one look-up goes by hash alone.
CREATE INDEX api_key_hash ON api_key (hash);

CREATE TABLE topic (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  key text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{0,62}$'),
  name text NOT NULL CHECK (name <> ''),
  description text,
  default_subscribed boolean NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, key)
);
