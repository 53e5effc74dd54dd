-- What the planner should believe until the first ANALYZE. What it is to believe of accounts, `migrate` says at its end.
SELECT pg_restore_attribute_stats(
         'schemaname', 'public', 'relname', c.relname::text, 'attname', a.attname::text, 'inherited', false,
         'null_frac', 0::real, 'avg_width', CASE WHEN a.atttypid = 'uuid'::regtype THEN 16 ELSE 4 END,
         'n_distinct', CASE a.attname WHEN 'slot' THEN 1 WHEN 'channel' THEN 2
                            WHEN 'operation_id' THEN 10 WHEN 'group_id' THEN 10 WHEN 'topic_id' THEN 4 ELSE -1 END::real)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
   AND a.attname <> 'account_id'
   AND (a.atttypid = 'uuid'::regtype OR a.attname IN ('slot', 'channel', 'position', 'hash'))
   AND EXISTS (SELECT FROM pg_attribute k WHERE k.attrelid = c.oid AND k.attname = 'account_id');
