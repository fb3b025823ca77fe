"""How a route reaches the box, and which problems the OpenAPI lists for it."""

from typing import Any

from fastapi import Request
from pydantic import BaseModel

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


def reference(model: type[BaseModel]) -> dict[str, Any]:
    """Where the OpenAPI holds the schema of a model."""
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these problems."""
    schema = {"application/problem+json": {"schema": reference(Problem)}}
    return {status: {"description": _MEANINGS[status], "content": schema} for status in statuses}
