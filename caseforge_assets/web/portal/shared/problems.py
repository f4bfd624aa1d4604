"""Problems as pages for people, in place of documents for programs."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from caseforge_assets.web.portal.shared.rendering import HEADERS, templates
from caseforge_assets.web.wire.problems import Problem

# For people, in place of what the protocol calls it.
HEADINGS = {
    403: "You may not do this",
    404: "Nothing is found here",
    409: "Something has changed meanwhile",
    410: "It is gone",
    413: "It is too large",
    422: "This cannot be done as it was asked",
    429: "Too much at once",
    500: "Something went wrong here",
    503: "It cannot be done just now",
}
_FOR_PROGRAMS = ("/api/", "/webhooks/", "/metrics", "/healthz", "/readyz")


def problem_page(request: Request, problem: Problem, headers: Mapping[str, str]) -> Response | None:
    """The page that tells of a problem; None: whoever asks is a program."""
    path = request.url.path
    if path.startswith(_FOR_PROGRAMS) or "text/html" not in request.headers.get("accept", ""):
        return None
    if problem.status == 401 and request.method == "GET":
        behind = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/sign-in?{urlencode({'next': f'{path}{behind}'})}", 303)
    page = templates().get_template("problem.html.jinja").render(problem=problem, heading=HEADINGS.get(problem.status, problem.title))
    return HTMLResponse(page, problem.status, {**HEADERS, **headers})
