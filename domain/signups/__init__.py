"""Sign-ups: what a form sends, kept at once and worked off later, so that no answer tells who is known."""
