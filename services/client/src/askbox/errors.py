"""The errors of the client, as the tree below; a message names the value, the server and the remedy.

AskboxError
├── InvalidRequest     what was to be sent breaks the contract; nothing was sent
├── ApiUnreachable     no connection to the API, or none that holds
│   └── ApiTimedOut    the API said nothing for too long
├── ApiProblem         the API said no: an RFC 9457 problem, or whatever a proxy sent in its place
├── UnexpectedAnswer   something answered, but not as the contract has it
└── StreamBroken       a stream ended before its `answer` or `error`
"""

from collections.abc import Mapping, Sequence


class AskboxError(Exception):
    """Base of all errors of the client. `remedy` says what a person can do; it may be empty."""

    def __init__(self, detail: str, *, remedy: str = "") -> None:
        super().__init__(f"{detail} ({remedy})" if remedy else detail)
        self.detail = detail
        self.remedy = remedy


class InvalidRequest(AskboxError):
    """What was to be sent breaks the contract. The detail names fields and limits, never their content."""


class ApiUnreachable(AskboxError):
    """Nobody answers at `url`, or the connection broke before the answer."""

    def __init__(self, url: str, reason: str, *, remedy: str = "") -> None:
        super().__init__(
            f"the askbox API at {url} does not answer: {reason}",
            remedy=remedy or "start it with `make demo` or `askbox-api`, or set ASKBOX_URL to where it runs",
        )
        self.url = url


class ApiTimedOut(ApiUnreachable):
    """The API at `url` said nothing for `seconds`."""

    def __init__(self, url: str, seconds: float) -> None:
        super().__init__(
            url,
            f"it said nothing for {seconds:g} s",
            remedy="it may be loading a model or be busy: try again, or allow more time (`--timeout`)",
        )
        self.seconds = seconds


class ApiProblem(AskboxError):
    """The API said no. `code` is stable; `errors` names the fields of a request that was not understood."""

    def __init__(
        self,
        detail: str,
        *,
        status: int,
        code: str,
        remedy: str = "",
        request_id: str = "",
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(detail, remedy=remedy)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.errors = tuple(dict(error) for error in errors)


class UnexpectedAnswer(AskboxError):
    """Something answers at `url`, but not as askbox does."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"{url} did not answer as askbox does: {reason}",
            remedy="check that ASKBOX_URL is an askbox API of the same version as this client",
        )
        self.url = url


class StreamBroken(AskboxError):
    """The stream from `url` ended before its `answer` or `error`; what was read so far is not complete."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"the answer from {url} broke off before it was complete",
            remedy="ask again; the log of the API says why, if it was not restarted",
        )
        self.url = url
