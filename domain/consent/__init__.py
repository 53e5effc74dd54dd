"""Permission: the rules, the one door, and the verbs that go through it."""
