"""Contacts: their types, reading them, changing one."""
