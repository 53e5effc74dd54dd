"""Moved to domain.values; this name goes once nothing imports it."""

from domain.values import *  # noqa: F403
