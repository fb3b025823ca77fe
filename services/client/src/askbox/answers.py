"""What came back over HTTP → the contract's models, or our errors. Sends nothing itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from askbox.errors import ApiProblem, ApiTimedOut, ApiUnreachable, InvalidRequest, UnexpectedAnswer
from askbox.schemas import Problem

Shape = TypeVar("Shape", bound=BaseModel)


@contextmanager
def connection_errors(url: str, *, timeout: float) -> Iterator[None]:
    """Turns what the HTTP library raises into our errors; `timeout` in seconds is only for the message."""
    try:
        yield
    except (httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise ApiUnreachable(url, "no connection in time") from error
    except httpx2.TimeoutException as error:
        raise ApiTimedOut(url, timeout) from error
    except httpx2.RequestError as error:
        raise ApiUnreachable(url, str(error) or type(error).__name__) from error
    except httpx2.InvalidURL as error:
        raise InvalidRequest("the request makes an address that is too long or malformed") from error


def parsed(response: httpx2.Response, shape: type[Shape], *, url: str) -> Shape:
    """The body of a read response as `shape`. Raises `UnexpectedAnswer` where it does not fit."""
    try:
        return shape.model_validate_json(response.content)
    except ValidationError as error:
        raise UnexpectedAnswer(url, f"the body is no {shape.__name__}") from error


def problem_of(response: httpx2.Response, *, url: str) -> ApiProblem:
    """The problem that a read response with an error status tells of, whoever sent it."""
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        return _foreign_problem(response, url=url)
    return as_error(problem, request_id=_request_id(response))


def as_error(problem: Problem, *, request_id: str = "") -> ApiProblem:
    """The contract's problem as an error; its own request id wins over `request_id`."""
    return ApiProblem(
        problem.detail or problem.title,
        status=problem.status,
        code=problem.code,
        remedy=problem.remedy,
        request_id=problem.request_id or request_id,
        errors=problem.errors,
    )


def _foreign_problem(response: httpx2.Response, *, url: str) -> ApiProblem:
    reason = f" {response.reason_phrase}" if response.reason_phrase else ""
    return ApiProblem(
        f"{url} answered {response.status_code}{reason}, without the details that askbox gives",
        status=response.status_code,
        code="not_askbox",
        remedy="check that ASKBOX_URL is the askbox API; a proxy in front of it may have answered",
        request_id=_request_id(response),
    )


def _request_id(response: httpx2.Response) -> str:
    return str(response.headers.get("X-Request-Id", ""))
