-- What is searched and listed: seldom written. name, email, phone and search are derived from the rest
-- of the row and the contact's points, by the verbs that change those.
-- What is NOT ENFORCED here holds by how rows come about, and is not looked up row by row: ADR 6.
CREATE TABLE contact (
  account_id uuid NOT NULL REFERENCES account NOT ENFORCED,
  id uuid NOT NULL,
  external_id text CHECK (external_id <> ''),
  first_name text,
  last_name text,
  contact_type text,
  attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL GENERATED ALWAYS AS (uuid_extract_timestamp(id)) STORED,
  updated_at timestamptz NOT NULL,
  name text NOT NULL DEFAULT '',
  email text NOT NULL DEFAULT '',
  phone text NOT NULL DEFAULT '',
  search text NOT NULL DEFAULT '',
  PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX contact_external_id ON contact (account_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX contact_by_name ON contact (account_id, lower(name), id);
CREATE INDEX contact_by_email ON contact (account_id, lower(email), id);
CREATE INDEX contact_search ON contact USING gin (search gin_trgm_ops);

-- What changes often: narrow, no index on a changing column, so that updates stay HOT. Also the contact's lock.
CREATE TABLE contact_state (
  account_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  lifecycle lifecycle NOT NULL DEFAULT 'ACTIVE',
  topic_on boolean NOT NULL,
  PRIMARY KEY (account_id, contact_id),
  FOREIGN KEY (account_id, contact_id) REFERENCES contact (account_id, id) NOT ENFORCED
) WITH (fillfactor = 50);

-- The permission of one address on one channel. Outlives its contacts: a row whose value is null still suppresses.
CREATE TABLE address (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  channel channel NOT NULL,
  consent consent_status NOT NULL DEFAULT 'NON_MARKETABLE',
  deliverability deliverability NOT NULL DEFAULT 'OK',
  consent_at timestamptz,
  proof bigint,
  confirmation_requested_at timestamptz,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  value text CHECK (value <> ''),
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, channel, hash)
) WITH (fillfactor = 50);
-- Which states go together: without it, as many opted-out numbers as opted-out emails are expected.
CREATE STATISTICS address_states (mcv) ON channel, consent, deliverability FROM address;
-- Rare, and looked for. No such index on consent: it would end HOT updates.
CREATE INDEX address_undeliverable ON address (account_id, id) WHERE deliverability = 'ERROR';

-- A contact's slot, and the address that it rests on: no slot has two, no contact has an address twice.
CREATE TABLE contact_point (
  account_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  channel channel NOT NULL,
  slot smallint NOT NULL,
  address_id uuid NOT NULL,
  PRIMARY KEY (account_id, contact_id, channel, slot),
  FOREIGN KEY (account_id, contact_id) REFERENCES contact (account_id, id) NOT ENFORCED,
  FOREIGN KEY (account_id, address_id) REFERENCES address (account_id, id) NOT ENFORCED,
  CHECK (slot = 1 OR (channel = 'EMAIL' AND slot BETWEEN 2 AND 3))
);
-- An email address has one contact; any other address several, each once. One index keeps both, and finds them.
CREATE UNIQUE INDEX contact_point_address ON contact_point (account_id, address_id, (
  CASE WHEN channel <> 'EMAIL' THEN contact_id ELSE '00000000-0000-0000-0000-000000000000'::uuid END));

CREATE FUNCTION contact_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM contact_point WHERE (account_id, contact_id) IN (SELECT account_id, id FROM gone);
  DELETE FROM contact_state WHERE (account_id, contact_id) IN (SELECT account_id, id FROM gone);
  RETURN NULL;
END $$;
CREATE TRIGGER contact_goes AFTER DELETE ON contact REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION contact_goes();

CREATE TABLE topic_switch (
  account_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  topic_id uuid NOT NULL,
  subscribed boolean NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, contact_id, topic_id),
  FOREIGN KEY (account_id, contact_id) REFERENCES contact (account_id, id) ON DELETE CASCADE,
  FOREIGN KEY (account_id, topic_id) REFERENCES topic (account_id, id)
);

CREATE TABLE contact_tag (
  account_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  tag text NOT NULL CHECK (tag <> '' AND tag = btrim(tag)),
  PRIMARY KEY (account_id, contact_id, tag),
  FOREIGN KEY (account_id, contact_id) REFERENCES contact (account_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_tag_contacts ON contact_tag (account_id, tag, contact_id);
