"""What a column of a list is taken for, by its header: people's words in four languages, and other systems' exports."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

EMAILS: Final = ("email", "email2", "email3")
FIELDS: Final = (
    *EMAILS,
    "mobile",
    "phone",
    "address",
    "first_name",
    "last_name",
    "name",
    "contact_type",
    "external_id",
    "tags",
    "accepts_marketing",
)
"""Every field that a column can go to, besides `topic:KEY` and `attribute:KEY` (the contract's ImportColumnInput)."""
PREFIXES: Final = ("topic:", "attribute:")
_KEYED: Final = re.compile(r"topic:[a-z][a-z0-9_]{0,62}|attribute:\S(?:.{0,98}\S)?")

# Words as `_plain` leaves them: lower case, no accents, one space between words. English, German, French, Spanish;
# then what the exports of Mailchimp, Keap, HubSpot, listmonk and Shopify call the same thing.
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "email": (
        *("email", "e mail", "mail", "email address", "e mail address", "mail address", "primary email", "email 1"),
        *("e mail adresse", "email adresse", "mailadresse", "mail adresse", "emailadresse"),
        *("adresse e mail", "adresse email", "adresse mail", "courriel", "adresse courriel", "adresse electronique"),
        *("correo", "correo electronico", "direccion de correo", "direccion de correo electronico", "direccion email"),
        *("direccion de email", "email primary", "contact email", "customer email", "subscriber email"),
    ),
    "email2": (
        *("email 2", "e mail 2", "second email", "secondary email", "other email", "email address 2"),
        *("zweite e mail", "weitere e mail", "e mail adresse 2", "email adresse 2"),
        *("deuxieme email", "email secondaire", "courriel 2", "adresse e mail 2", "adresse email 2"),
        *("segundo correo", "correo 2", "correo electronico 2", "correo secundario", "additional email"),
    ),
    "email3": (
        *("email 3", "e mail 3", "third email", "email address 3", "dritte e mail", "e mail adresse 3"),
        *("email adresse 3", "troisieme email", "courriel 3", "adresse e mail 3", "tercer correo", "correo 3"),
        "correo electronico 3",
    ),
    "mobile": (
        *("mobile", "mobile phone", "mobile number", "mobile phone number", "cell", "cell phone", "cellphone"),
        *("sms", "sms number", "sms phone", "sms phone number", "text number", "whatsapp"),
        *("handy", "handynummer", "mobil", "mobiltelefon", "mobilnummer", "mobilfunk", "mobilfunknummer"),
        *("portable", "telephone portable", "telephone mobile", "numero de portable", "numero mobile", "tel portable"),
        *("movil", "telefono movil", "celular", "telefono celular", "numero de movil", "numero de celular"),
    ),
    "phone": (
        *("phone", "phone number", "telephone", "telephone number", "tel", "landline", "phone 1", "primary phone"),
        *("telefon", "telefonnummer", "rufnummer", "festnetz", "festnetznummer", "tel nr", "telefon nr"),
        *("numero de telephone", "telephone fixe", "n de telephone", "no de telephone"),
        *("telefono", "numero de telefono", "telefono fijo", "fixe", "fijo", "default address phone"),
        *("home phone", "work phone", "business phone", "home phone number", "work phone number"),
    ),
    "address": (
        *("address", "postal address", "mailing address", "home address", "full address"),
        *("adresse", "anschrift", "postanschrift", "postadresse", "adresse postale", "adresse complete"),
        *("direccion", "direccion postal", "domicilio"),
    ),
    "first_name": (
        *("first name", "firstname", "given name", "forename", "fname"),
        *("vorname", "prenom", "nombre de pila", "primer nombre"),
    ),
    "last_name": (
        *("last name", "lastname", "surname", "family name", "lname"),
        *("nachname", "familienname", "zuname", "nom de famille", "nom famille"),
        *("apellido", "apellidos", "primer apellido"),
    ),
    "name": (
        *("name", "full name", "fullname", "contact name", "customer name", "subscriber name", "display name"),
        *("vollstandiger name", "vollstaendiger name", "ganzer name", "kontaktname"),
        *("nom complet", "nom et prenom", "prenom et nom", "nom prenom", "nombre completo", "nombre y apellidos"),
        "nombre y apellido",
    ),
    "contact_type": (
        *("contact type", "type", "customer type", "person type"),
        *("kontakttyp", "kontaktart", "kundentyp", "typ", "kundenart"),
        *("type de contact", "type de client", "tipo", "tipo de contacto", "tipo de cliente"),
    ),
    "external_id": (
        *("external id", "externalid", "id", "contact id", "customer id", "customer number", "client id", "record id"),
        *("kundennummer", "kunden nr", "kundennr", "kunden id", "kontakt id", "externe id", "mitgliedsnummer"),
        *("identifiant", "id client", "numero client", "numero de client", "id externe", "id cliente"),
        *("numero de cliente", "id externo", "id de contacto", "record id contact", "infusionsoft id", "keap id"),
        *("uuid", "leid", "euid", "member number", "membership number", "hubspot id", "subscriber id"),
    ),
    "tags": (
        *("tags", "tag", "labels", "keywords", "schlagworte", "schlagworter", "schlagwoerter", "stichworte"),
        *("etiketten", "etiquettes", "mots cles", "etiquetas", "palabras clave", "tag names", "contact tags"),
    ),
    "accepts_marketing": (
        *("accepts marketing", "accepts email marketing", "email marketing consent", "marketing consent", "opt in"),
        *("opted in", "optin", "subscribed", "newsletter consent", "marketing opt in", "email opt in"),
        *("email marketing status", "marketing status", "marketing permission", "consent"),
        *("werbung erlaubt", "newsletter einwilligung", "werbeeinwilligung", "einwilligung", "werbung"),
        *("accepte le marketing", "consentement", "consentement marketing", "abonne", "inscrit"),
        *("acepta marketing", "acepta publicidad", "consentimiento", "suscrito", "acepta correo"),
    ),
}
_KNOWN: Final = {word: field for field, words in _WORDS.items() for word in words}
# A French `nom` or a Spanish `nombre` is a last or a first name beside its other half, else the whole name.
_HALVES: Final = {"nom": ("first_name", "last_name"), "nombre": ("last_name", "first_name")}
_SEPARATORS: Final = re.compile(r"[\W_]+")


def propose(header: Sequence[str]) -> list[str | None]:
    """The field of each column (`email`, `first_name`, `topic:KEY`, …), or None for one that is not imported.

    A field is proposed once, for the first column that asks for it; further email columns go to `email2` and
    `email3`. A column whose header is a field's own name is that field. Columns that nobody knows are left to the
    person: personal data is not kept by accident.
    """
    fields = [field_of(name) for name in header]
    words = [_plain(name) for name in header]
    for index, word in enumerate(words):
        if fields[index] is None and word in _HALVES:
            beside, half = _HALVES[word]
            fields[index] = half if beside in fields else "name"
    return _each_once(fields)


def field_of(name: str) -> str | None:
    """The field that a header's words stand for by themselves, or None."""
    given = name.strip()
    if given in FIELDS or is_field(given):
        return given
    word = _plain(name)
    # Mailchimp's and our own numbering of equal headers: `Email (2)`.
    return _KNOWN.get(word) or _KNOWN.get(_plain(re.sub(r"\(.*?\)", "", name)) or "")


def is_field(name: str) -> bool:
    """Whether a column can go there: one of FIELDS, `topic:KEY` or `attribute:KEY`."""
    return name in FIELDS or _KEYED.fullmatch(name) is not None


def by_content(samples: Sequence[Sequence[str]]) -> list[str | None]:
    """The field of each column of a list without a header, by its values: emails and numbers are known at sight."""
    return _each_once([_seen(values) for values in samples])


def _each_once(fields: Sequence[str | None]) -> list[str | None]:
    given: set[str] = set()
    chosen: list[str | None] = []
    for field in fields:
        free = EMAILS[EMAILS.index(field) :] if field in EMAILS else (field,)
        one = next((name for name in free if name is not None and name not in given), None)
        chosen.append(one)
        if one is not None:
            given.add(one)
    return chosen


def _seen(values: Sequence[str]) -> str | None:
    filled = [value.strip() for value in values if value.strip()]
    if not filled:
        return None
    if all(re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", value) for value in filled):
        return "email"
    if all(re.fullmatch(r"(?:\+|0)[\d\s()/.-]{6,20}", value) for value in filled):
        return "mobile"
    return None


def _plain(name: str) -> str:
    """A header's words alone: lower case, without accents and punctuation, camelCase taken apart."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    bare = "".join(char for char in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(char))
    return _SEPARATORS.sub(" ", bare.casefold()).strip()
