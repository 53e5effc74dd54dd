CREATE TABLE contact_group (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  description text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX contact_group_name ON contact_group (account_id, lower(name));

CREATE TABLE group_member (
  account_id uuid NOT NULL,
  group_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  PRIMARY KEY (account_id, group_id, contact_id),
  FOREIGN KEY (account_id, group_id) REFERENCES contact_group (account_id, id) ON DELETE CASCADE,
  FOREIGN KEY (account_id, contact_id) REFERENCES contact (account_id, id) ON DELETE CASCADE
);
CREATE INDEX group_member_contact ON group_member (account_id, contact_id);
