-- What a credential may do, from where, and for how long.
ALTER TABLE api_key
  -- The first letters of its text, by which people tell keys apart.
  ADD COLUMN prefix text NOT NULL DEFAULT '',
  -- Who made it.
  ADD COLUMN actor text,
  -- The key that took its place.
  ADD COLUMN replaced_by uuid,
  ADD FOREIGN KEY (account_id, replaced_by) REFERENCES api_key (account_id, id);
