"""The door's two statements. Read `change.py` first; the decisions come in as arrays, so no rule stands here.

The planner knows nothing of a CTE's size and would loop over two of them, each for each. So what a later step needs is
carried along, found by index in a table, spread by a window, or joined by FULL JOIN, which is never done by looping.
"""

LOCK = "SELECT lock_contacts($1, $2, $3, $4)"

LOCK_ADDRESSES = "SELECT lock_addresses($1, $2)"

_RULE = """
WITH rule AS MATERIALIZED (
  SELECT * FROM unnest(
    $6::lifecycle[], $7::consent_status[], $8::deliverability[], $9::boolean[], $10::text[],
    $11::consent_action[], $12::consent_action[], $13::consent_status[], $14::deliverability[], $15::consent_action[],
    $16::consent_status[], $17::boolean[]
  ) AS r(lifecycle, consent, deliverability, newer, code, before, action, consent_to, deliverability_to, after,
         was, stands)
"""
_FACTS = (
    _RULE
    + """
), chosen AS MATERIALIZED (
  SELECT s.contact_id, s.lifecycle, s.topic_on, p.slot, a.ctid AS place, a.id AS address_id, a.channel, a.consent,
         coalesce(a.deliverability, 'OK') AS deliverability, coalesce(a.consent_at < $5, true) AS newer,
         {undone}
    FROM contact_state s
    {addresses}
   WHERE s.account_id = $1 AND {contacts}
"""
)
_NOTHING_UNDONE = "NULL::consent_status AS was, false AS stands"
_IN_SLOTS = """LEFT JOIN (contact_point p JOIN address a ON a.account_id = $1 AND a.id = p.address_id)
      ON p.account_id = $1 AND p.contact_id = s.contact_id AND p.channel = ANY ($3::channel[])
     AND ($4::smallint[] IS NULL OR p.channel <> 'EMAIL' OR p.slot = ANY ($4))"""

# Each table is read once for all the contacts, along its index. An array that the planner cannot see costs no planning.
# Every point has its address and its contact here, and every address its point: FULL is an inner join, and a left one.
_LISTED = (
    _RULE
    + """
), point AS MATERIALIZED (
  SELECT p.contact_id, p.slot, p.address_id FROM contact_point p
   WHERE p.account_id = $1 AND p.contact_id = ANY (ARRAY(SELECT unnest($2::uuid[]))) AND p.channel = ANY ($3::channel[])
     AND ($4::smallint[] IS NULL OR p.channel <> 'EMAIL' OR p.slot = ANY ($4))
), chosen AS MATERIALIZED (
  SELECT s.contact_id, s.lifecycle, s.topic_on, p.slot, a.place, p.address_id, a.channel, a.consent,
         coalesce(a.deliverability, 'OK') AS deliverability, coalesce(a.consent_at < $5, true) AS newer,
         NULL::consent_status AS was, false AS stands
    FROM (SELECT contact_id, lifecycle, topic_on FROM contact_state
           WHERE account_id = $1 AND contact_id = ANY (ARRAY(SELECT unnest($2::uuid[])))) s
    FULL JOIN point p ON p.contact_id = s.contact_id
    FULL JOIN (SELECT id, ctid AS place, channel, consent, deliverability, consent_at FROM address
                WHERE account_id = $1 AND id = ANY (ARRAY(SELECT address_id FROM point))) a ON a.id = p.address_id
"""
)

# Addresses named one by one, in a slot of the contact or not; and what the operation that is undone did to each.
_NAMED = """JOIN unnest($2::uuid[], $30::uuid[]) AS n(contact_id, address_id) ON n.contact_id = s.contact_id
    JOIN address a ON a.account_id = $1 AND a.id = n.address_id AND a.channel = ANY ($3::channel[])
    LEFT JOIN contact_point p ON p.account_id = $1 AND p.contact_id = s.contact_id AND p.address_id = a.id
    CROSS JOIN LATERAL (
      SELECT (array_agg(l.consent_from ORDER BY l.position))[1] AS was, max(l.position) AS position FROM ledger l
       WHERE $31::uuid IS NOT NULL AND l.account_id = $1 AND l.address_id = a.id AND l.operation_id = $31
         AND l.consent_to IS NOT NULL) undone"""
_UNDONE = "undone.was, coalesce(a.proof = undone.position, false) AS stands"

# Addresses by id, held by somebody or by nobody; of several holders the first stands for all.
_BY_ADDRESS = """
), chosen AS MATERIALIZED (
  SELECT h.contact_id, coalesce(h.lifecycle, 'ACTIVE') AS lifecycle, h.topic_on, h.slot, a.ctid AS place,
         a.id AS address_id, a.channel, a.consent, a.deliverability, coalesce(a.consent_at < $5, true) AS newer,
         {undone}
    FROM address a
    LEFT JOIN LATERAL (
      SELECT p.contact_id, p.slot, s.lifecycle, s.topic_on
        FROM contact_point p
        JOIN contact_state s ON s.account_id = $1 AND s.contact_id = p.contact_id
       WHERE p.account_id = $1 AND p.address_id = a.id ORDER BY p.contact_id LIMIT 1) h ON true
    {withdrawn}
   WHERE a.account_id = $1 AND a.id = ANY ($2::uuid[]) AND a.channel = ANY ($3::channel[]) AND $4::smallint[] IS NULL
"""
# The address's latest withdrawals, each by one of the sources {sources} and since {since}, with no other change of its
# permission among them: what the first of them found.
WITHDRAWN = """
      SELECT (array_agg(l.consent_from ORDER BY l.position))[1] AS was, max(l.position) AS position FROM ledger l
       WHERE l.account_id = $1 AND l.address_id = a.id AND l.consent_to IS NOT NULL AND l.position > coalesce((
         SELECT max(o.position) FROM ledger o
          WHERE o.account_id = $1 AND o.address_id = a.id AND o.consent_to IS NOT NULL
            AND NOT (o.action = 'OPT_OUT' AND o.source = ANY ({sources}) AND o.occurred_at >= {since})), 0)
"""

# `first`: an address that several of the contacts share moves once, for the first of them; the others find it done.
# `turns`: archived or activated for its own sake; an archived contact is opened and closed only around a move.
# IS NOT DISTINCT FROM cannot be looked up by hash; equality of the values and of their absence can.
_JUDGED = """
), judged AS MATERIALIZED (
  SELECT c.*, r.code, r.before, r.action, r.consent_to, r.deliverability_to, r.after,
         {turn}
    FROM chosen c
    JOIN rule r ON r.lifecycle = c.lifecycle AND r.deliverability = c.deliverability
               AND r.newer = c.newer AND r.stands = c.stands
               AND coalesce(r.consent, 'NON_MARKETABLE') = coalesce(c.consent, 'NON_MARKETABLE')
               AND (r.consent IS NULL) = (c.consent IS NULL)
               AND coalesce(r.was, 'NON_MARKETABLE') = coalesce(c.was, 'NON_MARKETABLE')
               AND (r.was IS NULL) = (c.was IS NULL)
"""

_SHARED = """r.action IS NOT NULL
           AND row_number() OVER (PARTITION BY c.address_id, r.action IS NULL ORDER BY c.contact_id) = 1 AS first,
         coalesce(r.before, r.after) IS NOT NULL AND (r.action IS NULL OR r.after IS NULL) AS turns"""
_SOLE = "r.action IS NOT NULL AS first, false AS turns"

# A contact's own steps come before and after those of its addresses.
_MOVES = """
), lived AS MATERIALIZED (
  SELECT contact_id, lifecycle, topic_on, max(before) AS before, max(after) AS after,
         CASE max(coalesce(after, before)) WHEN 'ARCHIVE' THEN 'ARCHIVED' ELSE 'ACTIVE' END::lifecycle AS lifecycle_to
    FROM judged
   WHERE turns OR (first AND coalesce(before, after) IS NOT NULL)
   GROUP BY contact_id, lifecycle, topic_on
), entry AS MATERIALIZED (
  SELECT nextval('ledger_position') AS position, e.* FROM (
    SELECT contact_id, 1 AS step, before AS action, NULL::tid AS place, NULL::uuid AS address_id,
           NULL::channel AS channel, NULL::consent_status AS consent, NULL::consent_status AS consent_to,
           NULL::deliverability AS deliverability, NULL::deliverability AS deliverability_to
      FROM lived WHERE before IS NOT NULL
    UNION ALL
    SELECT contact_id, 2, action, place, address_id, channel, consent, consent_to, deliverability, deliverability_to
      FROM judged WHERE first
    UNION ALL
    SELECT contact_id, 3, after, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM lived WHERE after IS NOT NULL
    ORDER BY step) e
"""
_MOVES_OF_SOLE = """
), entry AS MATERIALIZED (
  SELECT nextval('ledger_position') AS position, contact_id, action, place, address_id, channel,
         consent, consent_to, deliverability, deliverability_to
    FROM judged WHERE first
"""

# The rows are locked, so they are where they were found.
_WRITES = """
), kept AS (
  INSERT INTO evidence (account_id, id, method, statement, obtained_at, url, reason)
  SELECT $1, $23, $25::evidence_method, $26, $27, $28, $29 WHERE $24::boolean AND EXISTS (SELECT FROM entry)
), recorded AS (
  INSERT INTO ledger (account_id, position, occurred_at, action, source, channel, consent_from, consent_to,
                      contact_id, address_id, evidence_id, operation_id, actor)
  SELECT $1, position, $19, action, $20::consent_source, channel, CASE WHEN consent_to IS NOT NULL THEN consent END,
         consent_to, contact_id, address_id, $23, $22, $21
    FROM entry
), readdressed AS (
  UPDATE address a
     SET consent = coalesce(e.consent_to, a.consent),
         consent_at = CASE WHEN e.consent_to IS NULL THEN a.consent_at ELSE $19 END,
         proof = CASE WHEN e.consent_to IS NULL THEN a.proof ELSE e.position END,
         deliverability = coalesce(e.deliverability_to, a.deliverability)
    FROM entry e
   WHERE a.account_id = $1 AND a.ctid = e.place
"""

_RELIVED = """
), relived AS (
  UPDATE contact_state s SET lifecycle = l.lifecycle_to
    FROM lived l
   WHERE s.account_id = $1 AND s.contact_id = l.contact_id AND l.lifecycle_to <> l.lifecycle
"""

# A lifecycle moves the contact's own cell and one for each of its primary addresses, as they stood; then an address
# moves the cells of every contact it is primary for, also of those that were not chosen. An email has one holder.
_COUNTS = """
), held AS (
  SELECT channel, topic_on, coalesce(max(lifecycle_to) OVER (PARTITION BY contact_id), lifecycle) AS lifecycle,
         consent, consent_to, deliverability, deliverability_to
    FROM (
      SELECT contact_id, channel, topic_on, lifecycle, NULL::lifecycle AS lifecycle_to,
             consent, consent_to, deliverability, deliverability_to
        FROM judged WHERE first AND channel = 'EMAIL' AND slot = 1
      UNION ALL
      SELECT s.contact_id, e.channel, s.topic_on, s.lifecycle, NULL,
             e.consent, e.consent_to, e.deliverability, e.deliverability_to
        FROM entry e
        JOIN contact_point p ON p.account_id = $1 AND p.address_id = e.address_id AND p.slot = 1
        JOIN contact_state s ON s.account_id = $1 AND s.contact_id = p.contact_id
       WHERE e.channel <> 'EMAIL'
      UNION ALL
      SELECT contact_id, NULL, NULL, NULL, lifecycle_to, NULL, NULL, NULL, NULL FROM lived) moved
), cell AS MATERIALIZED (
  SELECT NULL::channel AS channel, topic_on, lifecycle, lifecycle_to, NULL::consent_status AS consent,
         NULL::consent_status AS consent_to, NULL::deliverability AS deliverability,
         NULL::deliverability AS deliverability_to
    FROM lived WHERE lifecycle_to <> lifecycle
  UNION ALL
  SELECT p.channel, l.topic_on, l.lifecycle, l.lifecycle_to, a.consent, a.consent, a.deliverability, a.deliverability
    FROM lived l
    JOIN contact_point p ON p.account_id = $1 AND p.contact_id = l.contact_id AND p.slot = 1
    JOIN address a ON a.account_id = $1 AND a.id = p.address_id
   WHERE l.lifecycle_to <> l.lifecycle
  UNION ALL
  SELECT channel, topic_on, lifecycle, lifecycle, consent, coalesce(consent_to, consent),
         deliverability, coalesce(deliverability_to, deliverability)
    FROM held WHERE channel IS NOT NULL
"""
_COUNTS_OF_SOLE = """
), cell AS MATERIALIZED (
  SELECT channel, topic_on, lifecycle, lifecycle AS lifecycle_to, consent, coalesce(consent_to, consent) AS consent_to,
         deliverability, coalesce(deliverability_to, deliverability) AS deliverability_to
    FROM judged WHERE first AND slot = 1
"""
_COUNTED = """
), counted AS (
  INSERT INTO summary_delta (account_id, channel, lifecycle, consent, deliverability, topic_on, contacts)
  SELECT $1, channel, lifecycle, consent, deliverability, topic_on, sum(n) FROM (
    SELECT channel, lifecycle, consent, deliverability, topic_on, -count(*) AS n FROM cell GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT channel, lifecycle_to, consent_to, deliverability_to, topic_on, count(*) FROM cell GROUP BY 1, 2, 3, 4, 5) d
   GROUP BY channel, lifecycle, consent, deliverability, topic_on HAVING sum(n) <> 0
"""

_REFUSED = """
), refused AS MATERIALIZED (
  SELECT contact_id, address_id, code FROM judged WHERE code IS NOT NULL ORDER BY contact_id, address_id
"""

_TALLY = """
), outcome AS MATERIALIZED (
  SELECT bool_or(first OR turns) AS changed, min(array_position($18::text[], code)) AS code
    FROM judged GROUP BY contact_id
), tally AS MATERIALIZED (
  SELECT changed, CASE WHEN NOT changed THEN code END AS code, count(*) AS n FROM outcome GROUP BY 1, 2
)
SELECT (SELECT coalesce(sum(n), 0)::bigint FROM tally) AS found,
       (SELECT coalesce(sum(n), 0)::bigint FROM tally WHERE changed) AS changed,
       (SELECT coalesce(sum(n), 0)::bigint FROM tally WHERE NOT changed AND code IS NULL) AS unchanged,
       ARRAY(SELECT ($18::text[])[code] FROM tally WHERE code IS NOT NULL ORDER BY code) AS skipped_codes,
       ARRAY(SELECT n FROM tally WHERE code IS NOT NULL ORDER BY code) AS skipped_counts
"""

_OUTCOME = """,
       ARRAY(SELECT contact_id FROM refused) AS refused_contacts,
       ARRAY(SELECT address_id FROM refused) AS refused_addresses,
       ARRAY(SELECT code FROM refused) AS refused_codes,
       CASE WHEN $22 IS NULL THEN ARRAY(SELECT position FROM entry ORDER BY position) ELSE '{}' END AS positions
"""

_ANSWER = _REFUSED + _TALLY + _OUTCOME
_REST = _JUDGED.format(turn=_SHARED) + _MOVES + _WRITES + _RELIVED + _COUNTS + _COUNTED + _ANSWER
_SLOT_OF_NAMED = "($4::smallint[] IS NULL OR a.channel <> 'EMAIL' OR p.slot = ANY ($4))"
_AMONG = f"s.contact_id = ANY ($2::uuid[]) AND {_SLOT_OF_NAMED}"

DECIDE = _LISTED + _REST
"""For contacts, and their addresses by channel and slot."""

DECIDE_SOLE = _LISTED + _JUDGED.format(turn=_SOLE) + _MOVES_OF_SOLE + _WRITES + _COUNTS_OF_SOLE + _COUNTED + _ANSWER
"""The same for email alone, of which each address has one contact, when no contact is archived or activated."""

DECIDE_NAMED = _FACTS.format(undone=_UNDONE, addresses=_NAMED, contacts=_AMONG) + _REST
"""For pairs of a contact and an address."""

_REST_BY_ADDRESS = _REST.replace("GROUP BY contact_id\n), tally", "GROUP BY address_id\n), tally")
DECIDE_ADDRESSES = _RULE + _BY_ADDRESS.format(undone=_NOTHING_UNDONE, withdrawn="") + _REST_BY_ADDRESS
"""For addresses, each of which is counted."""

_WITHDRAWN = WITHDRAWN.format(sources="$30::consent_source[]", since="$31")
DECIDE_TAKEN_BACK = (
    _RULE + _BY_ADDRESS.format(undone=_UNDONE, withdrawn=f"CROSS JOIN LATERAL ({_WITHDRAWN}) undone") + _REST_BY_ADDRESS
)
"""The same for a recipient who takes back what their link did."""

# The same decisions for the contacts of a query, and nothing but their count. $2 stands for no list of contacts.
PREVIEW = (
    _FACTS.replace("{undone}", _NOTHING_UNDONE)
    .replace("{addresses}", _IN_SLOTS)
    .replace("{contacts}", "$2::uuid[] IS NULL AND s.contact_id IN ({contacts})")
    + _JUDGED.format(turn=_SHARED)
    + _TALLY
)

# The caller's steps, each with what it is recorded as, and the permission that its address gets: one INSERT, in order
# of position, so that every index of the ledger is filled from one end to the other and its pages are left full.
RECORD = """
), recorded AS (
  INSERT INTO ledger (account_id, position, occurred_at, action, source, channel, consent_from, consent_to,
                      contact_id, address_id, evidence_id, operation_id, actor)
  SELECT $1, e.position, {now}, e.action, {source}::consent_source, s.channel, e.consent_from, e.consent_to,
         s.contact_id, s.address_id, {evidence}, {operation}, {actor}
    FROM step s
   CROSS JOIN LATERAL (VALUES
     (s.position, s.recorded, NULL, NULL),
     (s.permitted, {action}::consent_action, 'NON_MARKETABLE'::consent_status, {consent}::consent_status)
   ) e(position, action, consent_from, consent_to)
   WHERE e.position IS NOT NULL
"""

# For addresses that come into being in the caller's statement, of contacts that do: nothing stands that could differ,
# so one decision is everybody's. Whoever makes one of them at the same moment is waited for, and breaks its uniqueness.
ADMIT = """
), addressed AS (
  INSERT INTO address (account_id, id, channel, hash, value, consent, consent_at, proof)
  SELECT $1, address_id, channel, hash, value,
         CASE WHEN permitted IS NULL THEN 'NON_MARKETABLE' ELSE {consent}::consent_status END,
         CASE WHEN permitted IS NOT NULL THEN {now} END, permitted
    FROM point ORDER BY hash, channel
), counted AS (
  INSERT INTO summary_delta (account_id, channel, lifecycle, consent, deliverability, topic_on, contacts)
  SELECT $1, NULL::channel, 'ACTIVE'::lifecycle, NULL::consent_status, NULL::deliverability, topic_on, count(*)
    FROM newcomer GROUP BY topic_on
   UNION ALL
  SELECT $1, channel, 'ACTIVE', CASE WHEN permitted IS NULL THEN 'NON_MARKETABLE' ELSE {consent}::consent_status END,
         'OK', topic_on, count(*)
    FROM point WHERE slot = 1 GROUP BY channel, permitted IS NULL, topic_on
"""
