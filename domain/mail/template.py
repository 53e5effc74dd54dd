"""Templates that a customer writes: Jinja2 in a sandbox, and so little of it that no template can run away.

Names and text, `if`, one `for` over a list, and filters that cannot swell what they are given. No calls, no arithmetic,
no attributes, no loops within loops: what a template takes and makes is bounded by its length, before it is run.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from domain.errors import DomainError, ErrorCode, invalid
from domain.infra.lazily import lazily

if TYPE_CHECKING:
    import jinja2
    import jinja2.nodes
    import jinja2.sandbox
else:
    jinja2 = lazily("jinja2")

MAX_SOURCE: Final = 100_000
MAX_OUTPUT: Final = 400_000
"""Characters."""
MAX_TOKENS: Final = 4_000
"""Names, signs and words between braces, all together: what a template takes to compile grows by them."""
FILTERS: Final = frozenset({"capitalize", "default", "e", "escape", "lower", "title", "trim", "upper"})
_ALLOWED: Final = (
    "Template Output TemplateData Name Const If CondExpr For Compare Operand And Or Not Filter Getattr".split()  # noqa: SIM905 - words read better than quotes
)
_OF_LOOP: Final = frozenset({"first", "last", "index"})


def check_template(source: str, names: Sequence[str], lists: Sequence[str], *field: str) -> None:
    """Raise DomainError unless the text is a template that may be kept: TOO_LARGE, or INVALID with the line.

    `names` are what it may show, `lists` what it may go through.
    """
    if len(source) > MAX_SOURCE:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MAX_SOURCE:,} characters.", *field)
    if "\x00" in source:
        raise invalid("Control characters are not allowed.", *field)
    try:
        _check_size(source, field)
        # Looked through before it is compiled: that works constants out, however large.
        _check(_environment(html=False).parse(source), {*names, *lists}, set(lists), field, within=False)
        _compiled(source, html=False)
    except jinja2.TemplateSyntaxError as error:
        raise invalid(f"Line {error.lineno}: {error.message}", *field) from None
    except (RecursionError, SyntaxError, MemoryError):
        raise invalid("The template is nested too deeply.", *field) from None


def rendered(source: str, values: Mapping[str, Any], *, html: bool) -> str:
    """The text of a checked template; in HTML every value is escaped. Raises DomainError TOO_LARGE, INVALID."""
    size, pieces = 0, []
    try:
        for piece in _compiled(source, html=html).generate(dict(values)):
            size += len(piece)
            if size > MAX_OUTPUT:
                raise DomainError(ErrorCode.TOO_LARGE, f"The mail would have more than {MAX_OUTPUT:,} characters.")
            pieces.append(piece)
    except jinja2.TemplateError as error:
        raise invalid(f"The template cannot be filled in: {error.message}") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid(f"The template cannot be filled in ({type(error).__name__}).") from None
    return "".join(pieces)


@lru_cache
def _environment(*, html: bool) -> "jinja2.sandbox.ImmutableSandboxedEnvironment":
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 - heavy, and no template was asked for

    environment = ImmutableSandboxedEnvironment(autoescape=html, undefined=jinja2.StrictUndefined)
    environment.globals = {}
    environment.filters = {name: environment.filters[name] for name in FILTERS} | {"default": _default}
    environment.tests = {}
    return environment


def _default(value: object, instead: object = "", *_: object) -> object:
    """Jinja2's stands in for names that do not exist; of ours every one does, and may be empty."""
    return value or instead


@lru_cache(maxsize=64)
def _compiled(source: str, *, html: bool) -> "jinja2.Template":
    return _environment(html=html).from_string(source)


def _check_size(source: str, field: tuple[str, ...]) -> None:
    """Count before anything is built of it, and no further than that."""
    tokens = (line for line, kind, _ in _environment(html=False).lex(source) if kind not in ("data", "whitespace"))
    if line := next(islice(tokens, MAX_TOKENS, None), None):
        message = f"Line {line}: a template has at most {MAX_TOKENS:,} names and signs between braces."
        raise invalid(message, *field)


def _check(
    node: "jinja2.nodes.Node", known: set[str], lists: set[str], field: tuple[str, ...], *, within: bool
) -> None:
    kind = type(node).__name__
    line = f"Line {node.lineno}: "
    if kind not in _ALLOWED:
        raise invalid(f"{line}this is more than a mail's template may do ({kind}).", *field)
    if isinstance(node, jinja2.nodes.Name) and node.ctx == "load" and node.name not in known:
        shown = ", ".join(sorted(known - {"loop"}))
        raise invalid(f"{line}there is no “{node.name}”. There are: {shown}.", *field)
    if isinstance(node, jinja2.nodes.Filter) and node.name not in FILTERS:
        raise invalid(f"{line}the filters are: {', '.join(sorted(FILTERS))}.", *field)
    if isinstance(node, jinja2.nodes.Getattr) and not _of_loop(node):
        raise invalid(f"{line}of the names nothing more can be asked.", *field)
    if isinstance(node, jinja2.nodes.For):
        known = _checked_loop(node, known, lists, field, within=within)
        within = True
    for inner in node.iter_child_nodes():
        _check(inner, known, lists, field, within=within)


def _checked_loop(
    node: "jinja2.nodes.For", known: set[str], lists: set[str], field: tuple[str, ...], *, within: bool
) -> set[str]:
    over = node.iter.name if isinstance(node.iter, jinja2.nodes.Name) else ""
    if within or node.recursive or over not in lists or not isinstance(node.target, jinja2.nodes.Name):
        message = f"Line {node.lineno}: a loop goes through {' or '.join(sorted(lists))}, and stands in no other loop."
        raise invalid(message, *field)
    return known | {node.target.name, "loop"}


def _of_loop(node: "jinja2.nodes.Getattr") -> bool:
    return isinstance(node.node, jinja2.nodes.Name) and node.node.name == "loop" and node.attr in _OF_LOOP
