"""What the features stand on: settings, the database, Redis, the queue, the log."""
