-- A file that a client brings: the row says where it is to come, then where it lies. The object's name is ours alone.
CREATE TABLE upload (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  filename text NOT NULL CHECK (filename <> ''),
  content_type text NOT NULL,
  declared_size bigint CHECK (declared_size > 0),
  actor text NOT NULL,
  object text CHECK (object <> ''),
  size bigint CHECK (size > 0),
  created_at timestamptz NOT NULL,
  received_at timestamptz,
  -- Something works on it: from here on it can no longer be replaced.
  taken_at timestamptz,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  CHECK (num_nonnulls(object, size, received_at) IN (0, 3)),
  CHECK (taken_at IS NULL OR object IS NOT NULL)
);
-- The sweep looks across accounts.
CREATE INDEX upload_expires ON upload (expires_at);

-- A file that we made: what an export wrote, or a report that is kept.
CREATE TABLE stored_file (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  filename text NOT NULL CHECK (filename <> ''),
  content_type text NOT NULL,
  object text NOT NULL CHECK (object <> ''),
  size bigint NOT NULL CHECK (size >= 0),
  operation_id uuid,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX stored_file_operation ON stored_file (account_id, operation_id);
CREATE INDEX stored_file_expires ON stored_file (expires_at);
