-- Locks in the one order that never deadlocks: contacts by id, then addresses by id. The second statement sees
-- the points as they are once the contacts are held, and no point of theirs can change after that.
-- Answers the account's policy, so that a decision rests on it as it is now.
-- `every_address`: archiving and activating move the counts of all the contact's addresses.
CREATE FUNCTION lock_contacts(of_account uuid, contacts uuid[], channels channel[], every_address boolean)
RETURNS opt_out_policy LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- What follows in the transaction is planned once for any number of contacts, not for these, and not for a table
  -- that happens to be small today: a kept plan must stay right while the account grows.
  PERFORM set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true);
  PERFORM FROM contact_state s
   WHERE s.account_id = of_account AND s.contact_id = ANY (contacts)
   ORDER BY s.contact_id FOR NO KEY UPDATE;
  PERFORM FROM address a
   WHERE a.account_id = of_account AND a.id IN (
     SELECT p.address_id FROM contact_point p
      WHERE p.account_id = of_account AND p.contact_id = ANY (contacts)
        AND (every_address OR p.channel = ANY (channels)))
   ORDER BY a.id FOR NO KEY UPDATE;
  RETURN (SELECT opt_out_policy FROM account WHERE account_id = of_account);
END $$;
