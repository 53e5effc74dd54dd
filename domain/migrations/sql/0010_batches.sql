-- A crowd of mails that go together, as those of a broadcast: paused, canceled and slowed down as one.
CREATE TABLE mail_batch (
  account_id uuid NOT NULL REFERENCES account,
  id uuid NOT NULL,
  -- At most so many a second; null: as fast as it goes.
  per_second integer CHECK (per_second > 0),
  paused_at timestamptz,
  canceled_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id)
);
-- No foreign key: each of a hundred thousand mails would look at the one row, which whoever pauses it wants to write.
ALTER TABLE mail
  ADD COLUMN batch_id uuid,
  -- When it may go, of mails to a domain that takes so many a second and no more.
  ADD COLUMN turn_at timestamptz;
-- Single mails and those of batches wait in different lines, so that no receipt waits for a broadcast to end.
DROP INDEX mail_due;
CREATE INDEX mail_due ON mail (next_attempt_at) WHERE status = 'QUEUED' AND batch_id IS NULL;
CREATE INDEX mail_of_batch ON mail (account_id, batch_id, next_attempt_at)
  WHERE status = 'QUEUED' AND batch_id IS NOT NULL;
-- What may be forgotten one day; what became of a broadcast's messages stays.
CREATE INDEX mail_ended ON mail (ended_at) WHERE ended_at IS NOT NULL AND (batch_id IS NULL OR status = 'DROPPED');
-- How far messages to a domain, of a batch and of an account have been let go: the moment of the next one.
CREATE TABLE mail_pace (
  account_id uuid NOT NULL REFERENCES account,
  name text NOT NULL,
  next_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, name)
);
