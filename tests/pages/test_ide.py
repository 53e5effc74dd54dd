"""The page's handler and its ready operations, without a browser."""

import json
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from graphql.execution import get_variable_values
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from api.http.ide import ASSETS_PATH, Ide, wants_html

ROOT = Path(__file__).parents[2]
OPERATIONS = sorted((ROOT / "web" / "graphiql" / "operations").glob("*.graphql"))
KEY = 'key-of-<the>-"sample"'
MANIFEST = {"script": "main-1.js", "style": "main-1.css", "icon": "icon-1.svg", "preload": ["chunk-1.js"]}


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", True),
        ("text/html", True),
        ("TEXT/HTML ; q=0.5", True),
        ("text/html, application/json", True),
        ("text/html;q=0.9, application/json;q=0.8", True),
        ("", False),
        ("*/*", False),
        ("text/*", False),
        ("application/json, text/html", False),
        ("application/json, text/html;q=0.9", False),
        ("application/graphql-response+json, application/json;q=0.9, text/html;q=0.8", False),
        ("text/html;q=0", False),
        ("text/html;q=much", False),
        ("text/html;q=nan", False),
        ("text/htmlish", False),
    ],
)
def test_a_page_is_for_those_who_ask_for_it_first(accept: str, *, page: bool) -> None:
    assert wants_html(accept) is page


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """What a build leaves behind, in small."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main-1.js").write_text("plain")
    (tmp_path / "assets" / "main-1.js.gz").write_bytes(b"squeezed")
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    return tmp_path


def client(ide: Ide, host: str = "localhost:8000", peer: str = "127.0.0.1") -> TestClient:
    app = Starlette(routes=[Route("/graphql", ide.page), ide.assets])
    return TestClient(app, base_url=f"http://{host}", client=(peer, 50000))


def test_the_page_runs_scripts_of_its_own_origin_alone(dist: Path) -> None:
    response = client(Ide(dist=dist)).get("/graphql")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    assert f'src="{ASSETS_PATH}/main-1.js"' in response.text
    assert "<script>" not in response.text


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_the_sample_key_is_filled_in_on_this_machine(dist: Path, host: str) -> None:
    text = client(Ide(KEY, dist), host).get("/graphql").text
    assert 'data-authorization="Bearer key-of-&lt;the&gt;-&quot;sample&quot;"' in text


@pytest.mark.parametrize(
    ("key", "host", "peer"),
    [
        (None, "localhost:8000", "127.0.0.1"),
        (KEY, "rebound.example:8000", "127.0.0.1"),
        (KEY, "localhost:8000", "192.0.2.7"),
        (KEY, "localhost.example", "127.0.0.1"),
    ],
    ids=["production", "another name", "another machine", "a name that begins alike"],
)
def test_no_key_is_filled_in_elsewhere(dist: Path, key: str | None, host: str, peer: str) -> None:
    text = client(Ide(key, dist), host, peer).get("/graphql").text
    assert "data-authorization" not in text
    assert "key-of" not in text


@pytest.mark.parametrize("host", ["[", "", "::"])
def test_a_broken_host_gets_the_page_without_the_key(dist: Path, host: str) -> None:
    response = client(Ide(KEY, dist)).get("/graphql", headers={"host": host})
    assert response.status_code == 200
    assert "key-of" not in response.text


def test_a_missing_build_says_how_to_build(tmp_path: Path) -> None:
    missing = client(Ide(KEY, tmp_path / "nowhere"))
    response = missing.get("/graphql")
    assert response.status_code == 503
    assert "web/graphiql/build.sh" in response.text
    assert missing.get(f"{ASSETS_PATH}/main-1.js").status_code == 404


def test_files_are_kept_and_compressed(dist: Path) -> None:
    browser = client(Ide(dist=dist))
    squeezed = browser.head(f"{ASSETS_PATH}/main-1.js", headers={"accept-encoding": "gzip"})
    plain = browser.get(f"{ASSETS_PATH}/main-1.js", headers={"accept-encoding": "identity"})
    assert squeezed.headers["content-encoding"] == "gzip"
    assert squeezed.headers["content-length"] == str(len(b"squeezed"))
    assert plain.text == "plain"
    for response in (squeezed, plain):
        assert "javascript" in response.headers["content-type"]
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["../manifest.json", "%2e%2e/manifest.json", "%00", "a" * 300, "", "missing.js"])
def test_nothing_else_is_served(dist: Path, path: str) -> None:
    assert client(Ide(dist=dist)).get(f"{ASSETS_PATH}/{path}").status_code == 404


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_ready_operations_fit_the_schema(path: Path) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text())
    document = parse(path.read_text())
    assert validate(schema, document) == []
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    variables = path.with_suffix(".variables.json")
    values = json.loads(variables.read_text()) if variables.exists() else {}
    coerced = get_variable_values(schema, operation.variable_definitions or (), values)
    assert not isinstance(coerced, list), coerced


def test_every_ready_operation_is_in_the_page() -> None:
    listed = (ROOT / "web" / "graphiql" / "src" / "operations.js").read_text()
    assert OPERATIONS
    assert [path.name for path in OPERATIONS if f'"../operations/{path.name}"' not in listed] == []
