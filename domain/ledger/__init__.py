"""The ledger: append-only, in a stable order; what history, proof, feed, reports and undo all read."""

from domain.infra.db import after_commit
from domain.ledger.bell import ring

# Whoever writes, by whatever verb: what was committed may hold entries.
after_commit(ring)
