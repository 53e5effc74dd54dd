"""Where recipients' pages are. HEAD comes with GET."""

from typing import Final

from starlette.routing import Route

from api.pages.confirm import confirm_page
from api.pages.logos import serve_logo
from api.pages.preferences import preference_centre
from api.pages.sign_up import sign_up_page
from api.pages.unsubscribe import unsubscribe

PAGES: Final = [
    Route("/u/{token}", unsubscribe, methods=["GET", "POST"]),
    Route("/p/{token}", preference_centre, methods=["GET", "POST"]),
    Route("/s/{token}", sign_up_page, methods=["GET", "POST"]),
    Route("/forms/{token}", sign_up_page, methods=["GET", "POST"]),
    Route("/c/{token}", confirm_page, methods=["GET", "POST"]),
    Route("/logos/{account}/{name}", serve_logo),
]
