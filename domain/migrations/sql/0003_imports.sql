-- What the rows of a list came to, counted: created, updated, opted_in, opted_out, left_opted_out, suppressed, duplicate.
ALTER TABLE bulk_operation ADD COLUMN counts jsonb NOT NULL DEFAULT '{}';

-- A row of a file is refused before it is anybody: where it stands, and what it says, as given.
ALTER TABLE bulk_refusal
  ALTER COLUMN contact_id DROP NOT NULL,
  ADD COLUMN line integer,
  ADD COLUMN column_name text,
  ADD COLUMN value text,
  ADD COLUMN words text;

-- How far a list has been read. `settled_at`: every row is in, the twins are known, and the parts are written down.
CREATE TABLE import_progress (
  account_id uuid NOT NULL,
  operation_id uuid NOT NULL,
  batches integer NOT NULL DEFAULT 0,
  rows integer NOT NULL DEFAULT 0,
  staged integer NOT NULL DEFAULT 0,
  group_ids uuid[] NOT NULL DEFAULT '{}',
  part_rows integer,
  settled_at timestamptz,
  PRIMARY KEY (account_id, operation_id),
  FOREIGN KEY (account_id, operation_id) REFERENCES bulk_operation (account_id, id) ON DELETE CASCADE
);

-- A part of a list: its rows that are new as far as was seen, those to be looked at, and how many hold already.
ALTER TABLE bulk_part ADD COLUMN fresh integer[], ADD COLUMN rows integer[], ADD COLUMN same integer;

-- The mould of the table that each import reads its list into: its own, so that it is planned for what it holds and
-- goes at once. Cells that were blank are null; `verdict`: why the row is not merged.
CREATE TABLE import_row (
  account_id uuid NOT NULL,
  n integer NOT NULL,
  line integer NOT NULL,
  external_id text,
  first_name text,
  last_name text,
  contact_type text,
  attributes jsonb,
  tags text[],
  topics_on uuid[],
  topics_off uuid[],
  accepts boolean,
  email text, email_hash bytea,
  email2 text, email2_hash bytea,
  email3 text, email3_hash bytea,
  mobile text, mobile_hash bytea,
  phone text, phone_hash bytea,
  address text, address_hash bytea,
  name text NOT NULL,
  search text NOT NULL,
  verdict text,
  one uuid,
  other uuid,
  PRIMARY KEY (account_id, n)
);
