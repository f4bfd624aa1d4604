"""The ASGI application: which address is answered by what, and what lives as long as the server does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from caseforge_assets.batch_server.api import batches, chat, files
from caseforge_assets.batch_server.api.bounded_body import BoundedBody
from caseforge_assets.batch_server.api.errors import ApiError, handle_api_error, handle_http_exception, handle_unexpected
from caseforge_assets.batch_server.api.middleware import BasePaths, KeyRequired, OtherStatuses, ReplyFaults, SimulatedHeader
from caseforge_assets.batch_server.batches.runner import Runner
from caseforge_assets.batch_server.messenger import open_messenger
from caseforge_assets.batch_server.serving import Serving, close_serving

ROUTES = [
    Route("/v1/files", files.upload_file, methods=["POST"]),
    Route("/v1/files", files.list_files, methods=["GET"]),
    Route("/v1/files/{file_id}", files.retrieve_file, methods=["GET"]),
    Route("/v1/files/{file_id}", files.delete_file, methods=["DELETE"]),
    Route("/v1/files/{file_id}/content", files.file_content, methods=["GET"]),
    Route("/v1/batches", batches.create_batch, methods=["POST"]),
    Route("/v1/batches", batches.list_batches, methods=["GET"]),
    Route("/v1/batches/{batch_id}", batches.retrieve_batch, methods=["GET"]),
    Route("/v1/batches/{batch_id}/cancel", batches.cancel_batch, methods=["POST"]),
    Route("/v1/chat/completions", chat.create_completion, methods=["POST"]),
    Route("/v1/responses", chat.create_response, methods=["POST"]),
    Route("/v1/embeddings", chat.create_embeddings, methods=["POST"]),
    Route("/v1/models", chat.list_models, methods=["GET"]),
    Route("/v1/models/{model:path}", chat.retrieve_model, methods=["GET"]),
    Route("/v1/_caseforge/stats", chat.stats, methods=["GET"]),
]


def build_app(serving: Serving) -> Starlette:
    """The application for an open server, which it closes when it ends."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        serving.files.remove_expired(serving.clock.now())
        app.state.serving = serving
        app.state.completions = 0
        messenger = open_messenger(serving.options, serving.faults)
        app.state.runner = Runner(serving, messenger)
        app.state.runner.resume()
        yield
        await app.state.runner.close()
        if messenger is not None:
            await messenger.close()
        await close_serving(serving)

    likeness = serving.likeness
    middleware = [
        Middleware(BasePaths, base_paths=likeness.base_paths),
        Middleware(BoundedBody, limits=serving.limits),
        *([Middleware(SimulatedHeader)] if serving.upstream is None else []),
        *([Middleware(OtherStatuses, statuses=likeness.statuses)] if likeness.statuses else []),
        Middleware(ReplyFaults, faults=serving.faults),
        Middleware(KeyRequired, takes_api_key=likeness.takes_api_key),
    ]
    handlers = {ApiError: handle_api_error, HTTPException: handle_http_exception, Exception: handle_unexpected}
    return Starlette(routes=ROUTES, middleware=middleware, exception_handlers=handlers, lifespan=lifespan)
