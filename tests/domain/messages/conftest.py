"""An account for each test, and a mail server for what it sends."""

from tests.domain.contacts.conftest import actor, stranger
from tests.mailing import mailbox

__all__ = ["actor", "mailbox", "stranger"]
