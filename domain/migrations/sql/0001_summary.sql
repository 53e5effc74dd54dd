-- How many contacts stand in each cell, as signed changes: a change appends, a worker folds, a reader sums.
-- channel null: the contact itself. consent null: the contact has no primary address on the channel (never stored).
CREATE TABLE summary_delta (
  account_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  channel channel,
  lifecycle lifecycle NOT NULL,
  consent consent_status,
  deliverability deliverability,
  topic_on boolean NOT NULL,
  contacts bigint NOT NULL,
  PRIMARY KEY (account_id, id)
);
