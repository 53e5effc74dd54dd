"""What a start does not wait for."""

import subprocess
import sys

LATER = {
    "aiohttp", "aiosmtplib", "babel", "cryptography.x509", "jinja2", "jwt.api_jwt", "opentelemetry", "polars", "rich",
    "phonenumbers.data", "sentry_sdk", "standardwebhooks",
}  # fmt: skip


def test_the_api_starts_without_what_few_requests_need() -> None:
    """`make run` is up in seconds because these are imported at the first use, if ever."""
    code = f"import api.app, sys; print(*sorted({LATER!r} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert not answer.stdout.split()
