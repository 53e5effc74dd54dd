-- Locks in the one order that never deadlocks: contacts by id, then addresses by id. The second statement sees
-- the points as they are once the contacts are held, and no point of theirs can change after that.
-- Answers the account's policy, so that a decision rests on it as it is now.
-- `every_address`: archiving and activating move the counts of all the contact's addresses.
CREATE FUNCTION lock_contacts(of_account uuid, contacts uuid[], channels channel[], every_address boolean)
RETURNS opt_out_policy LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  addresses uuid[];
BEGIN
  -- What follows in the transaction is planned once for a few contacts, whoever they are; for many it is planned each
  -- time, for the tables as they are now: a plan kept from when they were small can walk a whole account for each.
  PERFORM set_config('plan_cache_mode',
                     CASE WHEN cardinality(contacts) > 100 THEN 'force_custom_plan' ELSE 'force_generic_plan' END, true),
          set_config('enable_seqscan', 'off', true);
  -- The planner would look each element of an array that it can see up in its statistics.
  PERFORM FROM contact_state s
   WHERE s.account_id = of_account AND s.contact_id = ANY (ARRAY(SELECT unnest(contacts)))
   ORDER BY s.contact_id FOR NO KEY UPDATE;
  IF every_address OR cardinality(channels) > 0 THEN
    addresses := ARRAY(
      SELECT p.address_id FROM contact_point p
       WHERE p.account_id = of_account AND p.contact_id = ANY (ARRAY(SELECT unnest(contacts)))
         AND (every_address OR p.channel = ANY (channels)));
    PERFORM FROM address a
     WHERE a.account_id = of_account AND a.id = ANY (ARRAY(SELECT unnest(addresses)))
     ORDER BY a.id FOR NO KEY UPDATE;
  END IF;
  RETURN (SELECT opt_out_policy FROM account WHERE account_id = of_account);
END $$;
