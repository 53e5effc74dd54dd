"""`assent key`: a key is rotated from a shell."""

import asyncio
import os
import sys

from domain.accounts.create import create_account
from domain.accounts.keys import authenticate, keys
from domain.actor import Actor, Scope

OLD = "the-first-key-of-an-account-in-a-test"


async def assent(*arguments: str) -> tuple[int, str]:
    """Run a command; its exit code and what it said."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.main",
        *arguments,
        env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await running.communicate()
    return running.returncode or 0, said.decode()


async def test_a_key_is_rotated_once(db: None, redis_url: str) -> None:
    """The new text is printed this once and may do what the old one might, which works on; a second try is refused."""
    account, _ = await create_account("Roe Ltd", OLD)
    operator = Actor(account.id, "cli", frozenset({Scope.ADMIN}))
    (known,) = await keys(operator)
    rotate = ("key", "rotate", str(known.id), "--account", str(account.id), "--overlap", "2")
    code, said = await assent(*rotate)
    assert code == 0, said
    new, old = await authenticate(said.split()[-1]), await authenticate(OLD)
    assert new is not None
    assert old is not None
    assert (new.account_id, new.scopes) == (old.account_id, old.scopes)
    assert new.name != old.name
    code, said = await assent(*rotate)
    assert code != 0
    assert "rotated before" in said
    assert "Traceback" not in said
