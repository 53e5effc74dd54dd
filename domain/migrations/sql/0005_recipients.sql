-- What recipients meet: how an account's pages look, and what their links say.
ALTER TABLE account
  -- The name of an image in the object store: its hash and kind.
  ADD COLUMN logo text CHECK (logo ~ '^[0-9a-f]{64}\.(png|jpeg|webp|gif)$'),
  ADD COLUMN colour text CHECK (colour ~ '^#[0-9a-f]{6}$'),
  ADD COLUMN dark_colour text CHECK (dark_colour ~ '^#[0-9a-f]{6}$');

-- As `lock_contacts`, for addresses themselves: one that is locked neither leaves its contacts nor gets new ones, so
-- those need no lock of their own. One round trip, since a recipient who leaves waits for it.
CREATE FUNCTION lock_addresses(of_account uuid, addresses uuid[])
RETURNS opt_out_policy LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM set_config('plan_cache_mode',
                     CASE WHEN cardinality(addresses) > 100 THEN 'force_custom_plan' ELSE 'force_generic_plan' END, true),
          set_config('enable_seqscan', 'off', true);
  PERFORM FROM address a
   WHERE a.account_id = of_account AND a.id = ANY (ARRAY(SELECT unnest(addresses)))
   ORDER BY a.id FOR NO KEY UPDATE;
  RETURN (SELECT opt_out_policy FROM account WHERE account_id = of_account);
END $$;
