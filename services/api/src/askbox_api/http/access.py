"""How a route reaches the box, and which problems the OpenAPI lists for it."""

from typing import Any

from fastapi import Request

from askbox.schemas import Problem
from askbox_api.bootstrap import Box


def box_of(request: Request) -> Box:
    """The box of the app that serves this request."""
    # Not a FastAPI dependency: resolving one costs a twelfth of a question's CPU (docs/decisions/0005).
    box: Box = request.app.state.box
    return box


_MEANINGS = {
    404: "What was named does not exist.",
    413: "The body is larger than ASKBOX_MAX_BODY.",
    422: "What was sent cannot be used; `errors` names the fields.",
    502: "The model stopped in the middle of its answer.",
    503: "A part cannot be used now; `Retry-After` says when to try again.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these problems."""
    schema = {"application/problem+json": {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {status: {"description": _MEANINGS[status], "content": schema} for status in statuses}
