"""An account to throw documents at."""

from tests.api.conftest import api, other

__all__ = ["api", "other"]
