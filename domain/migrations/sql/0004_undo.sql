-- The operation that put a contact into a group, or a tag on it; null: nobody's that could be undone.
ALTER TABLE group_member ADD COLUMN operation_id uuid;
ALTER TABLE contact_tag ADD COLUMN operation_id uuid;

-- The operation that a lack rests on: who was taken out of a group, and which tag off a contact. `was_by`: the
-- operation that had put it there, so that undoing gives back the whole row.
CREATE TABLE group_member_removed (
  account_id uuid NOT NULL,
  group_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  operation_id uuid NOT NULL,
  was_by uuid,
  PRIMARY KEY (account_id, group_id, contact_id),
  FOREIGN KEY (account_id, group_id) REFERENCES contact_group (account_id, id) ON DELETE CASCADE,
  FOREIGN KEY (account_id, contact_id) REFERENCES contact (account_id, id) ON DELETE CASCADE
);
CREATE INDEX group_member_removed_contact ON group_member_removed (account_id, contact_id);

CREATE TABLE contact_tag_removed (
  account_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  tag text NOT NULL,
  operation_id uuid NOT NULL,
  was_by uuid,
  PRIMARY KEY (account_id, contact_id, tag),
  FOREIGN KEY (account_id, contact_id) REFERENCES contact (account_id, id) ON DELETE CASCADE
);

-- What the planner should believe of them until the first ANALYZE, as of the first tables.
SELECT pg_restore_attribute_stats(
         'schemaname', 'public', 'relname', relation, 'attname', attribute, 'inherited', false,
         'null_frac', 0::real, 'avg_width', 16, 'n_distinct', many::real)
  FROM (VALUES ('group_member_removed'), ('contact_tag_removed')) AS t(relation),
       (VALUES ('operation_id', 10), ('contact_id', -1)) AS a(attribute, many);
