"""Modules that are heavy to import and that most processes never need, or not at their start."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


def lazily(name: str) -> ModuleType:
    """A stand-in for the module, which imports it at the first look at what is in it.

    Raises ModuleNotFoundError when it is not installed.
    """
    if find_spec(name) is None:
        raise ModuleNotFoundError(name)
    return _stand_in(name)


@contextmanager
def deferred(name: str) -> Iterator[None]:
    """Have whatever is imported inside the block get a stand-in for this module, where it says `import name`."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = _stand_in(name)
    try:
        yield
    finally:
        del sys.modules[name]


@contextmanager
def unseen(name: str) -> Iterator[None]:
    """Have whatever is imported inside the block find this optional extra of theirs missing, installed or not."""
    kept = sys.modules.get(name)
    # None is how Python says that a module cannot be imported.
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
        if kept is not None:
            sys.modules[name] = kept


def _stand_in(name: str) -> ModuleType:
    stand_in = ModuleType(name)

    def look(attribute: str) -> object:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(import_module(name), attribute)

    stand_in.__dict__["__getattr__"] = look
    return stand_in
