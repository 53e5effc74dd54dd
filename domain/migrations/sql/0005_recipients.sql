-- What recipients meet: how an account's pages look, and what their links say.
ALTER TABLE account
  -- The name of an image in the object store: its hash and kind.
  ADD COLUMN logo text CHECK (logo ~ '^[0-9a-f]{64}\.(png|jpeg|webp|gif)$'),
  ADD COLUMN colour text CHECK (colour ~ '^#[0-9a-f]{6}$'),
  ADD COLUMN dark_colour text CHECK (dark_colour ~ '^#[0-9a-f]{6}$');
