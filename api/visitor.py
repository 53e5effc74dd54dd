"""Where a request comes from, for evidence and for limits."""

from ipaddress import ip_address
from typing import Final

from starlette.requests import HTTPConnection

from domain.recipients.visit import Visit

_MOST: Final = 500


def visit(request: HTTPConnection) -> Visit:
    """The client's network address and browser. Behind a proxy: what FORWARDED_ALLOW_IPS lets it say."""
    browser = request.headers.get("user-agent", "")[:_MOST].replace("\x00", "").strip()
    return Visit(_network_address(request), browser or None)


def _network_address(request: HTTPConnection) -> str | None:
    try:
        return str(ip_address(request.client.host)) if request.client else None
    except ValueError:
        return None
