"""Documents that nobody sends by mistake: each wants much work, much memory, or a way past the checks."""

import json
from collections.abc import Iterator
from typing import Any

DEEP = 400


def _body(query: str, variables: Any = None, **rest: Any) -> bytes:
    return json.dumps({"query": query, "variables": variables} | rest).encode("utf-8", "surrogatepass")


def _fragments() -> Iterator[tuple[str, str]]:
    for size in (10, 25, 40):
        doubling = " ".join(f"fragment F{i} on Query {{ ...F{i + 1} ...F{i + 1} }}" for i in range(size))
        yield f"doubling {size}", f"{{ ...F0 }} {doubling} fragment F{size} on Query {{ viewer {{ actor }} }}"
        aliased = " ".join(f"fragment F{i} on Query {{ a: node(id: 1) {{ id }} ...F{i + 1} }}" for i in range(size))
        yield f"chain {size}", f"{{ ...F0 }} {aliased} fragment F{size} on Query {{ __typename }}"
    yield "itself", "{ ...F } fragment F on Query { ...F }"
    yield "each other", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A ...A }"
    ring = " ".join(f"fragment F{i} on Query {{ ...F{(i + 1) % 40} ...F{(i + 7) % 40} }}" for i in range(40))
    yield "ring", f"{{ ...F0 }} {ring}"
    yield "a hundred", "{ ...F0 } " + " ".join(f"fragment F{i} on Query {{ a }}" for i in range(100))
    yield "unused", "{ viewer { actor } } " + " ".join(f"fragment F{i} on Query {{ viewer }}" for i in range(45))
    yield "one name", "{ ...F } " + "fragment F on Query { viewer { actor } } " * 45
    yield "spread wide", "{ " + "...F " * 300 + "} fragment F on Query { viewer { actor } }"
    three = "{ contacts { nodes { " + " ".join(f"...F{i}" for i in range(30)) + " } } } "
    yield "overlapping", three + " ".join(f"fragment F{i} on Contact {{ a: id b: name c: email }}" for i in range(30))
    yield "conflicting", three + " ".join(f"fragment F{i} on Contact {{ a: f{i} }}" for i in range(30))
    deep = "points { ... on ContactPoint { value slot } }"
    yield "overlapping deep", three + " ".join(f"fragment F{i} on Contact {{ {deep} }}" for i in range(30))


def _selections() -> Iterator[tuple[str, str]]:
    yield "alias flood", "{ " + " ".join(f"a{i}: __typename" for i in range(330)) + " }"
    yield "alias flood below", "{ viewer { " + " ".join(f"a{i}: actor" for i in range(330)) + " } }"
    yield "alias of pages", "{ " + " ".join(f"a{i}: contacts {{ nodes {{ id }} }}" for i in range(29)) + " }"
    yield (
        "alias of previews",
        "{ "
        + " ".join(
            f"a{i}: previewBulkChangeStatus(input: {{selection: {{everyone: true}}, status: ACTIVE}}) {{ total }}"
            for i in range(28)
        )
        + " }",
    )
    yield "field again", "{ " + "viewer { actor } " * 240 + "}"
    yield "leaf again", "{ viewer { " + "actor " * 900 + "} }"
    yield "conflicts", "{ viewer { " + "a: actor a: scopes " * 100 + "} }"
    yield "deep", "{ contact" * DEEP + "}" * DEEP
    yield "deep to the limit", "{ contact { groups { nodes { contacts { nodes { " * 12 + "id" + " } } } } }" * 12
    yield "deep inline", "{ ..." * DEEP + "{ viewer { actor } }" + "}" * DEEP
    yield "inline wide", "{ " + "... on Query { viewer { actor } } " * 90 + "}"
    yield (
        "pages in pages",
        "{ contacts(first: 250) { nodes { groups(first: 250) { nodes { contacts { nodes { id }}}}}}}",
    )
    yield (
        "wide page",
        "{ contacts(first: 250) { nodes { " + " ".join(f"a{i}: points {{ id value }}" for i in range(90)) + " } } }",
    )
    yield "negative page", "{ contacts(first: -1) { nodes { id } } }"
    yield "unknown fields", "{ viewer { " + " ".join(f"actr{i}" for i in range(900)) + " } }"
    yield "unknown arguments", "{ viewer(" + " ".join(f"a{i}: 1" for i in range(300)) + ") { actor } }"
    yield "argument again", "{ node(" + "id: 1 " * 300 + ") { id } }"
    yield "unknown types", " ".join(f"query Q{i}($a: Contactt{i}) {{ __typename }}" for i in range(40))
    yield "operations", " ".join(f"query Q{i} {{ viewer {{ actor }} }}" for i in range(100))
    yield "one operation's name", "query Q { viewer { actor } } " * 45
    yield "empty", "{ }"
    yield "directives", "{ viewer { actor " + "@include(if: true) " * 140 + "} }"
    yield "unknown directives", "{ viewer { actor " + " ".join(f"@d{i}" for i in range(400)) + " } }"
    yield "deferred", "{ ... @defer { viewer { actor } } }"
    yield "streamed", "{ topics @stream(initialCount: 0) { id } }"
    yield "skipped", "{ " + " ".join(f"a{i}: viewer @skip(if: true) {{ actor }}" for i in range(60)) + " }"


def _introspection() -> Iterator[tuple[str, str]]:
    yield "schema in schema", "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
    yield "schema thirty times", "{ " + " ".join(f"a{i}: __schema {{ types {{ name }} }}" for i in range(30)) + " }"
    yield "types a hundred times", "{ __schema { " + " ".join(f"a{i}: types {{ name }}" for i in range(100)) + " } }"
    yield "types without names", "{ __schema { " + "types { name } " * 200 + " } }"
    yield "of type of type", '{ __type(name: "Query") { ' + "ofType { " * 300 + "name" + " }" * 301 + " }"
    yield (
        "possible types",
        '{ __type(name: "Node") { possibleTypes { possibleTypes { interfaces { possibleTypes { name }}}}}}',
    )
    doubling = " ".join(f"fragment F{i} on __Type {{ ofType {{ ...F{i + 1} ...F{i + 1} }} }}" for i in range(15))
    yield "doubling types", f"{{ __schema {{ types {{ ...F0 }} }} }} {doubling} fragment F15 on __Type {{ name }}"


def _literals() -> Iterator[tuple[str, str]]:
    contact = "{ contact(by: { email: %s }) { id } }"
    yield "huge integer", "{ contacts(first: " + "9" * 90_000 + ") { nodes { id } } }"
    yield "huge exponent", "{ contacts(first: 1e" + "9" * 5_000 + ") { nodes { id } } }"
    yield "many digits", "{ contacts(first: 0." + "1" * 90_000 + ") { nodes { id } } }"
    yield "just too large", "{ contacts(first: 2147483648) { nodes { id } } }"
    yield "long string", contact % ('"' + "x" * 90_000 + '"')
    yield "escapes", contact % ('"' + "\\u0041" * 15_000 + '"')
    yield "pairs", contact % ('"' + "\\ud83d\\ude00" * 8_000 + '"')
    yield "half a pair", contact % '"\\ud83d"'
    yield "pair the wrong way", contact % '"\\ude00\\ud83d"'
    yield "code point", contact % '"\\u{110000}"'
    yield "code point with zeros", contact % ('"\\u{' + "0" * 50_000 + '41}"')
    yield "nul", contact % '"\\u0000"'
    yield "block", contact % ('"""' + "\n  x" * 24_000 + '"""')
    yield "block of quotes", contact % ('"""' + '\\"""' * 20_000 + '"""')
    yield "unfinished string", contact % ('"' + "x" * 90_000)
    yield "unfinished block", contact % ('"""' + "\n" * 90_000)
    yield "list in list", contact % ("[" * DEEP + "]" * DEEP)
    yield (
        "object in object",
        "{ contacts(filter: " + "{ not: " * DEEP + '{ tag: "x" }' + " }" * DEEP + ") { totalCount } }",
    )
    yield "wide list", "{ nodes(ids: [" + '"x" ' * 900 + "]) { id } }"
    yield "wide object", "{ contact(by: { " + "email: 1 " * 300 + "}) { id } }"
    yield "wide filter", "{ contacts(filter: { or: [" + "{ tag: 1 } " * 150 + "] }) { totalCount } }"
    yield "commas", "{ viewer { actor" + "," * 90_000 + "} }"
    yield "spaces", " " * 99_000 + "{ viewer { actor } }"
    yield "too long", " " * 900_000 + "{ viewer { actor } }"
    yield "line ends", "\r\n" * 49_000 + "{ viewer { actor } }"
    yield "comments", "#\n" * 49_000 + "{ viewer { actor } }"
    yield "one comment", "#" + "x" * 98_000 + "\n{ viewer { actor } }"
    yield "marks", "\ufeff" * 30_000 + "{ viewer { actor } }"
    yield "long name", "{ " + "x" * 90_000 + " }"
    yield "braces", "{" * 900
    yield "closing braces", "}" * 900
    yield "no document", "\u202e\u0000\u2028"
    yield "a type", "type Query { a: Int }"


def _variables() -> Iterator[tuple[str, str, Any]]:
    nodes, filters = (
        "query($i: [ID!]!) { nodes(ids: $i) { id } }",
        "query($f: ContactFilterInput) { contacts(filter: $f) { totalCount } }",
    )
    deep: Any = {"tag": "x"}
    for _ in range(90):
        deep = {"not": deep}
    many = "(" + " ".join(f"$v{i}: Int" for i in range(200)) + ")"
    yield "many ids", nodes, {"i": ["x"] * 19_000}
    yield "too many values", nodes, {"i": ["x"] * 300_000}
    yield "bad ids", nodes, {"i": [{}] * 19_000}
    yield "long id", nodes, {"i": ["x" * 900_000]}
    yield "nulls", nodes, {"i": [None] * 19_000}
    yield "deep filter", filters, {"f": deep}
    yield "wide filter", filters, {"f": {"or": [{"tag": "x"}] * 9_000}}
    yield "wide enums", filters, {"f": {"consent": ["OPTED_OUT"] * 19_000}}
    yield "wrong enums", filters, {"f": {"consent": ["OPTED_OU"] * 19_000}}
    yield "unknown keys", filters, {"f": {f"k{i}": 1 for i in range(19_000)}}
    yield "long search", "query($s: String) { contacts(search: $s) { totalCount } }", {"s": "%_" * 400_000}
    yield "huge number", "query($n: Int) { contacts(first: $n) { nodes { id } } }", {"n": 10**300}
    yield "wrong cursor", "query($a: String) { contacts(after: $a) { nodes { id } } }", {"a": "W" * 900_000}
    yield "undefined", "query" + many + " { viewer { actor } }", {f"v{i}": "x" for i in range(200)}
    yield "used before", "query($a: Int = $b, $b: Int = $a) { contacts(first: $a) { nodes { id } } }", {}


def _requests() -> Iterator[tuple[str, bytes]]:
    yield (
        "nesting",
        b'{"query": "{ viewer { actor } }", "variables": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    )
    yield "brackets", b"[" * 1_000_000
    yield "batch", b"[" + b",".join([b'{"query": "{ viewer { actor } }"}'] * 1_000) + b"]"
    yield "keys", json.dumps({f"k{i}": i for i in range(60_000)}).encode()
    yield "name", _body("{ viewer { actor } }", operationName="x" * 900_000)
    yield "hash", _body("{ viewer { actor } }", extensions={"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}})
    yield "extensions", _body("{ viewer { actor } }", extensions={f"k{i}": [] for i in range(60_000)})
    yield "half a pair", b'{"query": "{ viewer { actor } }", "variables": {"a": "\\ud800"}}'


def hostile() -> dict[str, bytes]:
    """All of them, as bodies of a POST, by name."""
    found: dict[str, bytes] = {}
    for kind in (_fragments, _selections, _introspection, _literals):
        found |= {f"{kind.__name__[1:]}: {name}": _body(query) for name, query in kind()}
    found |= {f"variables: {name}": _body(query, variables) for name, query, variables in _variables()}
    return found | {f"request: {name}": content for name, content in _requests()}
