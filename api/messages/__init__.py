"""Templates, broadcasts, transactional messages."""
