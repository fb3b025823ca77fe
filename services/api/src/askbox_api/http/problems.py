"""Every error as an RFC 9457 problem: names, limits, servers and remedies, never the text of a question or document."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from askbox_api.errors import AskboxError, Stopping, Unavailable
from askbox_api.http.leaving import ClientLeft
from askbox_api.http.observing import request_id_of

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20
"""How many errors of a request are named: a request of a hundred thousand must not get an answer as large."""

_DETAILS = {404: "There is no such route.", 405: "The route does not take this method."}
_REMEDIES = {
    404: "See /docs for the routes there are.",
    405: "See /docs for the methods of each route.",
    413: "Send less at once, or raise ASKBOX_MAX_BODY.",
}


def problem(
    *, status: int, code: str, detail: str, request_id: str, remedy: str = "", errors: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """The members of a problem; `code` is stable, `remedy` says what to do, `errors` names the fields."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "remedy": remedy,
        "request_id": request_id,
        "errors": list(errors),
    }


def of_error(error: AskboxError, request_id: str) -> dict[str, Any]:
    """The problem of one of our own errors."""
    return problem(
        status=error.status, code=error.code, detail=error.detail, remedy=error.remedy, request_id=request_id
    )


def unexpected(request_id: str) -> dict[str, Any]:
    """The problem of an error that nobody foresaw; the log alone says more."""
    return problem(
        status=500,
        code="internal",
        detail="Something went wrong in askbox itself.",
        remedy=f"The log of askbox-api has the reason, under the request id {request_id}.",
        request_id=request_id,
    )


def unexpected_response(request_id: str) -> Response:
    """The answer to an error that nobody foresaw."""
    return _response(unexpected(request_id))


def stopping_response(request_id: str) -> Response:
    """The answer to what still runs when the process must end."""
    return _of(Stopping(), request_id)


def install(app: FastAPI) -> None:
    """Answer every error of this app with a problem."""
    app.add_exception_handler(AskboxError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientLeft, _left)


def _response(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status_code=body["status"], media_type=MEDIA_TYPE, headers=headers)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, AskboxError)
    return _of(error, request_id_of(request))


def _of(error: AskboxError, request_id: str) -> Response:
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Unavailable) else None
    return _response(of_error(error, request_id), headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # What was sent is left out, and so are error texts that could repeat it: `ctx` and `input`.
    found = error.errors()
    errors = [{"field": field_of(one["loc"]), "message": _said(one)} for one in found[:MAX_ERRORS]]
    first = errors[0]
    detail = f"{first['field']}: {first['message']}" + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")
    return _response(
        problem(
            status=422,
            code="invalid_input",
            detail=detail,
            remedy="Send what /docs describes.",
            request_id=request_id_of(request),
            errors=errors,
        )
    )


def field_of(location: Sequence[int | str]) -> str:
    """The dotted name of a field that is wrong; it may be a name that the client made up, of any length."""
    field = ".".join(map(str, location))
    return field if len(field) <= 200 else field[:199] + "…"


def _said(error: Mapping[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return f"JSON decode error: {error.get('ctx', {}).get('error', 'not JSON')}"
    return str(error["msg"]).removeprefix("Value error, ")


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    return _response(
        problem(
            status=error.status_code,
            code=HTTPStatus(error.status_code).name.lower(),
            detail=_DETAILS.get(error.status_code, "") if error.detail == phrase else str(error.detail),
            remedy=_REMEDIES.get(error.status_code, ""),
            request_id=request_id_of(request),
        ),
        headers,
    )


def _allowed(request: Request) -> str:
    # Starlette itself names the methods of one route only, and a path here has a route a method.
    routes = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return ", ".join(sorted({method for route in routes for method in route.methods or ()}))


async def _left(request: Request, error: Exception) -> Response:
    return Response(status_code=499)
