"""The ledger: append-only, in a stable order; what history, proof, feed, reports and undo all read."""
