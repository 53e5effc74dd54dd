"""Erase one person, and remember nothing but that their addresses must be left alone."""

from uuid import UUID

from domain.actor import Actor


async def erase_contact(actor: Actor, contact_id: UUID) -> UUID:
    """Delete everything personal of a contact; answers its id. Raises DomainError NOT_FOUND.

    Its addresses become OPTED_OUT and lose their value, those it held before included; the keyed hash stays, so that
    they come back OPTED_OUT on every path. An address that another contact holds is theirs, and stays.
    """
    raise NotImplementedError
