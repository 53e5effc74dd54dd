"""GraphiQL for browsers at the API's own address: self-hosted, under a strict content security policy."""

import json
import mimetypes
from dataclasses import dataclass
from html import escape
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

DIST = Path(__file__).resolve().parents[2] / "web" / "graphiql" / "dist"
ASSETS_PATH = "/graphiql/assets"
JSON_TYPES = ("application/json", "application/graphql-response+json")

# Monaco lays out its lines with style attributes and writes its theme into a style element: no nonce covers the former.
CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    # Also covers a WebSocket to this origin; naming `ws:` would allow one to any host.
    "connect-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
SECURITY_HEADERS = {
    "content-security-policy": "; ".join(map(" ".join, CONTENT_SECURITY_POLICY.items())),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Assent · GraphiQL</title>
<link rel="icon" href="{assets}/{icon}">
<link rel="stylesheet" href="{assets}/{style}">
<script type="module" src="{assets}/{script}"></script>
{preload}
</head>
<body>
<div id="graphiql" data-endpoint="{endpoint}"{authorization}>
<p class="assent-waiting">Loading GraphiQL… It needs JavaScript.</p>
</div>
</body>
</html>
"""

NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>GraphiQL is not built</title></head>
<body>
<h1>GraphiQL is not built yet</h1>
<p>Run <code>web/graphiql/build.sh</code> (<code>make run</code> does) and reload this page.
The API itself works: send your operations to this address with POST.</p>
</body>
</html>
"""


def _quality(accept: str, media_type: str) -> tuple[float, int]:
    """How much a media type named in an Accept header is wanted, and how late it is named."""
    for place, part in enumerate(accept.split(",")):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name != media_type:
            continue
        weight = next((p.removeprefix("q=") for p in parameters if p.startswith("q=")), "1")
        try:
            return float(weight), place
        except ValueError:
            return 0.0, place
    return 0.0, 0


def wants_html(accept: str) -> bool:
    """Whether an Accept header asks for a page rather than JSON, as a browser's address bar does.

    A page has to be asked for by name: ``*/*`` is what API clients send.
    """
    page, page_place = _quality(accept, "text/html")
    if page <= 0:
        return False
    answers = [_quality(accept, name) for name in JSON_TYPES]
    return all(page > weight or (page == weight and page_place < place) for weight, place in answers)


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_local(request: Request) -> bool:
    """Whether a request comes from this machine and to a name of this machine.

    The name counts because a web site can point its own at 127.0.0.1 and read what a page there shows.
    """
    try:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return False
    return _is_loopback(name) and request.client is not None and _is_loopback(request.client.host)


class Assets(StaticFiles):
    """The built files: named by their content, so kept for a year; compressed when they were built."""

    async def check_config(self) -> None:
        """Nothing: the files may be built while the server runs, and until then each is simply not found."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or its compressed twin where there is one and the client takes it."""
        response = await self._compressed(path, scope) or await super().get_response(path, scope)
        response.headers.update(SECURITY_HEADERS)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        response.headers["vary"] = "Accept-Encoding"
        return response

    async def _compressed(self, path: str, scope: Scope) -> Response | None:
        if "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            return None
        try:
            response = await super().get_response(f"{path}.gz", scope)
        except HTTPException:
            return None
        response.headers["content-encoding"] = "gzip"
        response.headers["content-type"] = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return response


@dataclass(frozen=True)
class Ide:
    """GraphiQL, for the app to wire: `page` answers a GET of the API that wants HTML, `assets` is a route beside it.

    With `prefill_key`, its Authorization header is filled in for browsers on this machine: for the sample server alone.
    """

    prefill_key: str | None = None
    dist: Path = DIST

    @property
    def assets(self) -> Mount:
        """The route of the page's own files."""
        return Mount(ASSETS_PATH, app=Assets(directory=self.dist / "assets", check_dir=False), name="graphiql")

    def page(self, request: Request) -> Response:
        """The page, or how to build it when it is not there."""
        try:
            manifest = json.loads((self.dist / "manifest.json").read_bytes())
        except FileNotFoundError:
            return _html(NOT_BUILT, status=503)
        assets = escape(request.scope.get("root_path", "") + ASSETS_PATH)
        return _html(
            PAGE.format(
                assets=assets,
                preload="\n".join(f'<link rel="modulepreload" href="{assets}/{name}">' for name in manifest["preload"]),
                endpoint=escape(request.scope["path"]),
                authorization=self._authorization(request),
                **{name: manifest[name] for name in ("icon", "style", "script")},
            )
        )

    def _authorization(self, request: Request) -> str:
        if self.prefill_key is None or not is_local(request):
            return ""
        return f' data-authorization="{escape(f"Bearer {self.prefill_key}")}"'


def _html(content: str, status: int = 200) -> Response:
    return HTMLResponse(content, status, SECURITY_HEADERS | {"cache-control": "no-store", "vary": "Accept"})
