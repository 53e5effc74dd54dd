"""Documents by hash: automatic persisted queries (Apollo's protocol) and trusted documents.

A hash names a text and nothing else, so it is verified once, when the text comes with it, and serves every account.
"""

import re
from collections import OrderedDict
from dataclasses import replace
from typing import Any, Final

from api.asked import Asked
from api.documents import MAX_KEPT_LENGTH, Rejected, rejected
from api.errors import BAD_REQUEST, NOT_FOUND_BY_HASH, NOT_TRUSTED, coded
from api.http.trusted import digest, trusted
from domain.actor import Actor, Scope
from domain.infra import redis
from domain.infra.bucket import pour
from domain.infra.log import logger
from domain.infra.settings import settings

DAY: Final = 24 * 3600
"""So many seconds after its last look-up in Redis a text is kept; clients send it again when it is gone."""
MOST_ADDED: Final = 2_000
"""Texts that an account may add at once, and that it may add in a day after that."""
_MOST_KEPT: Final = 1_000
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_known: "OrderedDict[str, str]" = OrderedDict()

log = logger(__name__)


def read_hash(extensions: Any) -> str | None:
    """The hash in a request's extensions, None without one. Raises ValueError, in words for the client."""
    given = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    if given is None:
        return None
    if not isinstance(given, dict) or type(given.get("version")) is not int or given["version"] != 1:
        raise ValueError("Unsupported persisted query version: `persistedQuery` has the version 1.")
    sha = given.get("sha256Hash")
    if not isinstance(sha, str) or not _HASH.fullmatch(sha):
        raise ValueError("`sha256Hash` is 64 hexadecimal digits, in lower case.")
    return sha


async def resolved(asked: Asked) -> Asked:
    """The request with its text. Raises Rejected for a hash that is not known, or not the text's."""
    if asked.query:
        if asked.sha256 and digest(asked.query) != asked.sha256:
            raise rejected("provided sha does not match query", BAD_REQUEST)
        return asked
    identity = asked.document_id or asked.sha256 or ""
    text = trusted(settings().trusted_documents).find(identity)
    if text is None and asked.document_id:
        raise rejected("No trusted document has this id.", NOT_FOUND_BY_HASH)
    return replace(asked, query=text or await _look_up(identity))


def check_trust(text: str, actor: Actor) -> None:
    """Raise Rejected for a text that is no trusted document, where only those are run; the scope admin is exempt."""
    given = settings()
    if given.trusted_only and not actor.may(Scope.ADMIN) and not trusted(given.trusted_documents).knows(text):
        raise rejected("Only trusted documents are run here.", NOT_TRUSTED)


async def remember(asked: Asked, actor: Actor) -> None:
    """Keep a text under its hash, once it has proved valid; an account may add so many.

    A Redis that is away is logged and never raised.
    """
    sha = asked.sha256
    if sha is None or sha in _known or len(asked.query) > MAX_KEPT_LENGTH:
        return
    added = await pour(f"documents:{actor.account_id}", 1, MOST_ADDED, MOST_ADDED / DAY)
    if added is not None and not added.fits:
        return
    _keep(sha, asked.query)
    try:
        await redis.client().set(_key(sha), asked.query.encode(), ex=DAY)
    except redis.AWAY as error:
        log.warning("a persisted query was not kept", exception=type(error).__name__)


def forget() -> None:
    """Forget the texts that this process knows, so that the next request asks Redis."""
    _known.clear()


async def _look_up(sha: str) -> str:
    text = _known.get(sha)
    if text is not None:
        _known.move_to_end(sha)
        return text
    try:
        kept = await redis.client().getex(_key(sha), ex=DAY)
    except redis.AWAY as error:
        log.warning("a persisted query was not looked up", exception=type(error).__name__)
        kept = None
    if kept is None:
        # Apollo's own words: its clients compare them, and send the text along.
        raise Rejected([coded("PersistedQueryNotFound", NOT_FOUND_BY_HASH)], NOT_FOUND_BY_HASH)
    _keep(sha, kept.decode())
    return _known[sha]


def _keep(sha: str, text: str) -> None:
    _known[sha] = text
    if len(_known) > _MOST_KEPT:
        _known.popitem(last=False)


def _key(sha: str) -> str:
    return f"assent:document:{sha}"
