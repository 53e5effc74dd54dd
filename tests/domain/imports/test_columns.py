"""What columns are taken for."""

import pytest

from domain.imports.columns import by_content, propose

EXPORTS = {
    "Mailchimp": (
        "Email Address,First Name,Last Name,Address,Phone Number,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,LEID,EUID,TAGS",
        ["email", "first_name", "last_name", "address", "phone", None, None, None, "external_id", None, "tags"],
    ),
    "Keap": (
        "Id,First Name,Last Name,Email,Email Address 2,Phone 1,Phone 2,Tags,Owner",
        ["external_id", "first_name", "last_name", "email", "email2", "phone", None, "tags", None],
    ),
    "HubSpot": (
        "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Contact owner,Lead Status",
        ["external_id", "first_name", "last_name", "email", "phone", "mobile", None, None],
    ),
    "listmonk": (
        "uuid,email,name,attributes,status,created_at,updated_at",
        ["external_id", "email", "name", None, None, None, None],
    ),
    "Shopify": (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Phone,Total Spent,Tags",
        ["external_id", "first_name", "last_name", "email", "accepts_marketing", None, "phone", None, "tags"],
    ),
    "English": ("E-mail;Cell phone;Full name;Opted in", ["email", "mobile", "name", "accepts_marketing"]),
    "German": (
        "Vorname;Nachname;E-Mail-Adresse;Handynummer;Telefon;Anschrift;Kundennummer;Einwilligung",
        ["first_name", "last_name", "email", "mobile", "phone", "address", "external_id", "accepts_marketing"],
    ),
    "French": (
        "Prénom;Nom;Courriel;Téléphone portable;Numéro de téléphone;Adresse postale;Étiquettes",
        ["first_name", "last_name", "email", "mobile", "phone", "address", "tags"],
    ),
    "Spanish": (
        "Nombre;Apellidos;Correo electrónico;Móvil;Teléfono;Dirección;Tipo de contacto",
        ["first_name", "last_name", "email", "mobile", "phone", "address", "contact_type"],
    ),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_headers_of_languages_and_systems(name: str) -> None:
    """The headers that people write in four languages, and those of other systems' exports, are recognised."""
    header, fields = EXPORTS[name]
    assert propose(header.replace(";", ",").split(",")) == fields


def test_a_name_alone_is_the_whole_name() -> None:
    """`Nom` and `Nombre` are half a name beside the other half, and a whole one alone."""
    assert propose(["Nom", "Email"]) == ["name", "email"]
    assert propose(["Nombre", "Email"]) == ["name", "email"]


def test_further_emails_take_the_further_slots() -> None:
    """A second and third email column go to the second and third slot, a fourth nowhere."""
    assert propose(["Email", "E-Mail (2)", "Courriel", "Correo"]) == ["email", "email2", "email3", None]


def test_our_own_names_and_strangers() -> None:
    """A field's own name is that field, topics and attributes too; what nobody knows is left to the person."""
    header = ["email3", "topic:newsletter", "attribute:Shoe size", "Shoe size", "topic:Not A Key", "attribute:"]
    assert propose(header) == ["email3", "topic:newsletter", "attribute:Shoe size", None, None, None]


def test_by_content() -> None:
    """Without a header, emails and international numbers are known at sight."""
    assert by_content([["a@example.org", ""], ["+44 20 7946 0018"], ["Ann"], [""]]) == ["email", "mobile", None, None]
