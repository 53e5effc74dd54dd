"""The door's two statements. Read `change.py` first; the decisions come in as arrays, so no rule stands here."""

LOCK = "SELECT lock_contacts($1, $2, $3, $4)"

_FACTS = """
WITH rule AS MATERIALIZED (
  SELECT * FROM unnest(
    $6::lifecycle[], $7::consent_status[], $8::deliverability[], $9::boolean[], $10::text[],
    $11::consent_action[], $12::consent_action[], $13::consent_status[], $14::deliverability[], $15::consent_action[]
  ) AS r(lifecycle, consent, deliverability, newer, code, before, action, consent_to, deliverability_to, after)
), chosen AS MATERIALIZED (
  SELECT s.contact_id, s.lifecycle, s.topic_on, p.slot, a.id AS address_id, a.channel, a.consent,
         coalesce(a.deliverability, 'OK') AS deliverability, coalesce(a.consent_at < $5, true) AS newer
    FROM contact_state s
    LEFT JOIN (contact_point p JOIN address a ON a.account_id = $1 AND a.id = p.address_id)
      ON p.account_id = $1 AND p.contact_id = s.contact_id AND p.channel = ANY ($3::channel[])
     AND ($4::smallint[] IS NULL OR p.channel <> 'EMAIL' OR p.slot = ANY ($4))
   WHERE s.account_id = $1 AND s.contact_id = ANY ($2::uuid[])
), judged AS MATERIALIZED (
  SELECT c.*, r.code, r.before, r.action, r.consent_to, r.deliverability_to, r.after
    FROM chosen c
    JOIN rule r ON r.lifecycle = c.lifecycle AND r.consent IS NOT DISTINCT FROM c.consent
               AND r.deliverability = c.deliverability AND r.newer = c.newer
"""

# An address that several of the contacts share moves once, for the first of them: the others find it done.
_MOVES = """
), moved AS MATERIALIZED (
  SELECT DISTINCT ON (address_id) * FROM judged WHERE action IS NOT NULL ORDER BY address_id, contact_id
), moved_contact AS MATERIALIZED (
  SELECT j.contact_id, j.lifecycle, j.topic_on, max(j.before) AS before, max(j.after) AS after,
         (CASE WHEN max(coalesce(j.after, j.before)) = 'ARCHIVE' THEN 'ARCHIVED' ELSE 'ACTIVE' END)::lifecycle AS lifecycle_to
    FROM judged j LEFT JOIN moved m ON m.address_id = j.address_id
   WHERE (j.before IS NOT NULL OR j.after IS NOT NULL) AND (j.action IS NULL OR m.contact_id = j.contact_id)
   GROUP BY j.contact_id, j.lifecycle, j.topic_on
), entry AS MATERIALIZED (
  SELECT nextval('ledger_position') AS position, e.* FROM (
    SELECT contact_id, 1 AS step, before AS action, NULL::uuid AS address_id, NULL::channel AS channel,
           NULL::consent_status AS consent_from, NULL::consent_status AS consent_to
      FROM moved_contact WHERE before IS NOT NULL
    UNION ALL
    SELECT contact_id, 2, action, address_id, channel, CASE WHEN consent_to IS NOT NULL THEN consent END, consent_to FROM moved
    UNION ALL
    SELECT contact_id, 3, after, NULL, NULL, NULL, NULL FROM moved_contact WHERE after IS NOT NULL
    ORDER BY 1, 2, 4) e
"""

_WRITES = """
), kept AS (
  INSERT INTO evidence (account_id, id, method, statement, obtained_at, url, reason)
  SELECT $1, $21, $23::evidence_method, $24, $25, $26, $27 WHERE $22::boolean AND EXISTS (SELECT FROM entry)
), recorded AS (
  INSERT INTO ledger (account_id, position, occurred_at, action, source, channel, consent_from, consent_to,
                      contact_id, address_id, evidence_id, operation_id, actor)
  SELECT $1, position, $17, action, $18::consent_source, channel, consent_from, consent_to,
         contact_id, address_id, $21, $20, $19
    FROM entry
), readdressed AS (
  UPDATE address a
     SET consent = coalesce(m.consent_to, a.consent),
         consent_at = CASE WHEN m.consent_to IS NULL THEN a.consent_at ELSE $17 END,
         proof = CASE WHEN m.consent_to IS NULL THEN a.proof ELSE e.position END,
         deliverability = coalesce(m.deliverability_to, a.deliverability)
    FROM moved m JOIN entry e ON e.address_id = m.address_id
   WHERE a.account_id = $1 AND a.id = m.address_id
), relived AS (
  UPDATE contact_state s SET lifecycle = m.lifecycle_to
    FROM moved_contact m
   WHERE s.account_id = $1 AND s.contact_id = m.contact_id AND m.lifecycle_to <> m.lifecycle
"""

# Every contact whose primary address moved (also one that shares it and was not chosen), or that moved itself.
_COUNTS = """
), touched AS (
  SELECT address_id FROM moved
  UNION
  SELECT p.address_id FROM contact_point p JOIN moved_contact m ON m.contact_id = p.contact_id
   WHERE p.account_id = $1 AND p.slot = 1 AND m.lifecycle_to <> m.lifecycle
), cell AS (
  SELECT a.channel, s.topic_on, s.lifecycle, coalesce(mc.lifecycle_to, s.lifecycle) AS lifecycle_to,
         a.consent, coalesce(m.consent_to, a.consent) AS consent_to,
         a.deliverability, coalesce(m.deliverability_to, a.deliverability) AS deliverability_to
    FROM touched t
    JOIN contact_point p ON p.account_id = $1 AND p.address_id = t.address_id AND p.slot = 1
    JOIN contact_state s ON s.account_id = $1 AND s.contact_id = p.contact_id
    JOIN address a ON a.account_id = $1 AND a.id = t.address_id
    LEFT JOIN moved m ON m.address_id = t.address_id
    LEFT JOIN moved_contact mc ON mc.contact_id = p.contact_id
  UNION ALL
  SELECT NULL, topic_on, lifecycle, lifecycle_to, NULL, NULL, NULL, NULL FROM moved_contact
), counted AS (
  INSERT INTO summary_delta (account_id, channel, lifecycle, consent, deliverability, topic_on, contacts)
  SELECT $1, channel, lifecycle, consent, deliverability, topic_on, sum(n) FROM (
    SELECT channel, lifecycle, consent, deliverability, topic_on, -count(*) AS n FROM cell GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT channel, lifecycle_to, consent_to, deliverability_to, topic_on, count(*) FROM cell GROUP BY 1, 2, 3, 4, 5) d
   GROUP BY channel, lifecycle, consent, deliverability, topic_on HAVING sum(n) <> 0
"""

_OUTCOME = """
), refused AS MATERIALIZED (
  SELECT contact_id, address_id, code FROM judged WHERE code IS NOT NULL
), outcome AS MATERIALIZED (
  SELECT c.contact_id, e.contact_id IS NOT NULL AS changed, min(array_position($16::text[], f.code)) AS code
    FROM (SELECT DISTINCT contact_id FROM chosen) c
    LEFT JOIN (SELECT DISTINCT contact_id FROM entry) e USING (contact_id)
    LEFT JOIN refused f USING (contact_id)
   GROUP BY c.contact_id, e.contact_id
), skipped AS (
  SELECT ($16::text[])[code] AS code, count(*) AS n FROM outcome WHERE NOT changed AND code IS NOT NULL GROUP BY code
)
SELECT (SELECT count(*) FROM outcome) AS found,
       (SELECT count(*) FROM outcome WHERE changed) AS changed,
       (SELECT count(*) FROM outcome WHERE NOT changed AND code IS NULL) AS unchanged,
       ARRAY(SELECT code FROM skipped) AS skipped_codes,
       ARRAY(SELECT n FROM skipped) AS skipped_counts,
       ARRAY(SELECT contact_id FROM refused ORDER BY contact_id, address_id) AS refused_contacts,
       ARRAY(SELECT address_id FROM refused ORDER BY contact_id, address_id) AS refused_addresses,
       ARRAY(SELECT code FROM refused ORDER BY contact_id, address_id) AS refused_codes,
       CASE WHEN $20 IS NULL THEN ARRAY(SELECT position FROM entry ORDER BY position) ELSE '{}' END AS positions
"""

DECIDE = _FACTS + _MOVES + _WRITES + _COUNTS + _OUTCOME
