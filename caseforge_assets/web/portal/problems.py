"""What went wrong, as a page for people instead of a document for programs."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from caseforge_assets.web.portal.rendering import HEADERS, templates
from caseforge_assets.web.wire.problems import Problem

_FOR_PROGRAMS = ("/api/", "/webhooks/", "/metrics", "/healthz", "/readyz")


def problem_page(request: Request, problem: Problem, headers: Mapping[str, str]) -> Response | None:
    """The page that tells of a problem; None: whoever asks is a program."""
    path = request.url.path
    if path.startswith(_FOR_PROGRAMS) or "text/html" not in request.headers.get("accept", ""):
        return None
    if problem.status == 401 and request.method == "GET":
        behind = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/sign-in?{urlencode({'next': f'{path}{behind}'})}", 303)
    page = templates().get_template("problem.html.jinja").render(problem=problem)
    return HTMLResponse(page, problem.status, {**HEADERS, **headers})
