"""`GET /reports/{token}`: a bulk operation's report, for whoever holds the signed link."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from api.bulk.links import report_of
from api.relay import global_id
from domain.actor import Actor
from domain.bulk.queries import operation
from domain.bulk.report import report


async def bulk_report(request: Request) -> Response:
    """Stream the CSV; 404 for a link that is forged, cut or a day old."""
    found = report_of(request.path_params["token"])
    actor = Actor(found[0], "link:report", frozenset()) if found else None
    if found is None or actor is None or await operation(actor, found[1]) is None:
        return PlainTextResponse("This link is not valid, or not any more. Ask the API for a new one.\n", 404)
    return StreamingResponse(
        report(actor, found[1], lambda contact: global_id("Contact", contact)),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="report-{found[1]}.csv"'},
    )
