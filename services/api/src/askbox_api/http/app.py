"""Joins a box and its routes to an ASGI app; the box lives as long as the app's lifespan."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from askbox.schemas import AnswerEvent, DocumentIn, ErrorEvent, HitsEvent, Problem, TokenEvent
from askbox_api.bootstrap import Box, build
from askbox_api.domain import WriteStatus
from askbox_api.http import asking, documents, health, problems
from askbox_api.http.metrics import Metrics
from askbox_api.http.observing import Observing
from askbox_api.ingesting.handbook import load_when_empty, pages
from askbox_api.ingesting.ingesting import NewDocument
from askbox_api.settings import Settings

log = logging.getLogger(__name__)

_DESCRIPTION = """Ask your documents, with any open model in the box.

`POST /documents` takes documents in, `POST /ask` answers from them and cites the sentences it rests on, `POST /search`
shows what retrieval finds. Every error is a problem (RFC 9457) whose `remedy` says what to do."""


def create_app(settings: Settings) -> FastAPI:
    """The API as an ASGI app; nothing is opened before its lifespan begins.

    Raises ValueError for a broken prompt file, an address that cannot be one, or a handbook without pages.
    """
    box = build(settings)
    app = FastAPI(
        title="askbox",
        version=health.VERSION,
        description=_DESCRIPTION,
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    app.state.box = box
    app.state.handbook = pages(settings.handbook_dir) if settings.load_handbook else []
    app.state.metrics = Metrics(box.asking.slots)
    problems.install(app)
    for router in (asking.router, documents.router, health.router):
        # Not include_router: since it keeps routers nested, each request would be matched twice.
        app.router.routes.extend(router.routes)
    app.add_middleware(
        Observing,
        metrics=app.state.metrics,
        slow_seconds=settings.slow_seconds,
        unexpected=problems.unexpected_response,
        stopping=problems.stopping_response,
    )
    _describe(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    box: Box = app.state.box
    await box.open()
    loading = asyncio.create_task(_load_handbook(box, app.state.handbook))
    loading.add_done_callback(_tell_failure)
    try:
        yield
    finally:
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
        await box.close()


async def _load_handbook(box: Box, handbook: list[NewDocument]) -> None:
    if handbook and (outcomes := await load_when_empty(handbook, store=box.store, ingesting=box.ingesting)):
        failed = sum(outcome.status is WriteStatus.FAILED for outcome in outcomes)
        log.info("loaded the handbook", extra={"fields": {"documents": len(outcomes), "failed": failed}})


def _tell_failure(loading: asyncio.Task[None]) -> None:
    if not loading.cancelled() and (error := loading.exception()):
        log.error("the handbook could not be loaded", exc_info=error)


def _describe(app: FastAPI) -> None:
    """Add to the OpenAPI what no route's type says: events, problems, the shape of one document."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        first = app.openapi_schema is None
        schema = made()
        if first:
            schemas = schema["components"]["schemas"]
            for model in (Problem, DocumentIn, HitsEvent, TokenEvent, AnswerEvent, ErrorEvent):
                own = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas |= own.pop("$defs", {})
                schemas[model.__name__] = own
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending the schema
