"""The routes of operation: live, ready, version, metrics."""

import asyncio
import platform
from importlib.metadata import version

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from askbox.schemas import Ready, Version
from askbox_api.http.access import box_of
from askbox_api.http.bodies import Json

router = APIRouter(tags=["operation"])

VERSION = version("askbox-api")


@router.get("/health/live", response_model=dict[str, str])
async def live() -> Response:
    """Whether the process answers."""
    return Json({"status": "ok"})


@router.get(
    "/health/ready", response_model=Ready, responses={503: {"model": Ready, "description": "A required part fails."}}
)
async def ready(request: Request) -> Response:
    """Each part, whether it works, and what to do if not; 503 where a required part does not work."""
    box = box_of(request)
    parts = await asyncio.gather(box.store.check(), box.model.check(box.settings.llm_model))
    good = all(part.ok for part in parts if part.required)
    return Json({"ready": good, "parts": parts}, status_code=200 if good else 503)


@router.get("/version", response_model=Version)
async def version_() -> Response:
    """The versions that run."""
    return Json({"version": VERSION, "python": platform.python_version()})


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Counters and timings for Prometheus."""
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4")
