"""What a text message that asks for help is answered."""

from domain.recipients.words import translations


def help_words(name: str, language: str) -> str:
    """Who writes, and how to leave, in a language; STOP is the keyword in every one."""
    _ = translations(language).gettext
    said = _("%(name)s: reply STOP to get no more messages. Message and data rates may apply.")
    return said % {"name": name}
