"""The errors of askbox, as the tree below; a message names the value, the server and the remedy.

AskboxError
├── InvalidInput               422  what was sent cannot be used
│   └── QuestionTooLong        422  the question alone does not fit the model's window
├── NotFound                   404
│   ├── CollectionNotFound
│   ├── DocumentNotFound
│   └── ModelNotFound
├── Unavailable                503  a part cannot be used now; try again later
│   ├── Overloaded                  the queue before the model is full, or the wait in it too long
│   ├── StoreUnavailable            the passage store does not answer
│   │   └── SearchTimedOut          it did not answer before the deadline
│   ├── StoreReadOnly               the passage store takes no writes (disk full, read-only)
│   ├── Stopping                    the process was told to stop, and its grace is over
│   └── ModelUnavailable            the model's server does not answer, or refuses
│       └── FirstTokenTimedOut      it said nothing before the deadline
└── GenerationFailed           502  the model stopped in the middle of its answer
"""


class AskboxError(Exception):
    """Base of all errors of askbox. `remedy` says what a person can do; it may be empty."""

    status = 500
    code = "internal"

    def __init__(self, detail: str, *, remedy: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy


class InvalidInput(AskboxError):
    """What was sent cannot be used."""

    status = 422
    code = "invalid_input"


class QuestionTooLong(InvalidInput):
    """The question alone does not fit the model's window."""

    code = "question_too_long"


class NotFound(AskboxError):
    """Something that was named does not exist."""

    status = 404
    code = "not_found"


class CollectionNotFound(NotFound):
    """No collection of that name."""

    code = "collection_not_found"


class DocumentNotFound(NotFound):
    """No document of that id in the collection."""

    code = "document_not_found"


class ModelNotFound(NotFound):
    """The model's server does not have that model."""

    code = "model_not_found"


class Unavailable(AskboxError):
    """A part cannot be used now. `retry_after` is in seconds."""

    status = 503
    code = "unavailable"

    def __init__(self, detail: str, *, remedy: str = "", retry_after: int = 5) -> None:
        super().__init__(detail, remedy=remedy)
        self.retry_after = retry_after


class Overloaded(Unavailable):
    """More questions than the box can take."""

    code = "overloaded"


class StoreUnavailable(Unavailable):
    """The passage store does not answer."""

    code = "store_unavailable"


class SearchTimedOut(StoreUnavailable):
    """The passage store did not answer a search before the deadline."""

    code = "search_timed_out"


class StoreReadOnly(Unavailable):
    """The passage store takes no writes."""

    code = "store_read_only"


class Stopping(Unavailable):
    """The process was told to stop, and its grace is over: what still runs is cut off."""

    code = "stopping"

    def __init__(self) -> None:
        super().__init__(
            "askbox-api was stopped before this was finished.",
            remedy="Ask again in a moment; ASKBOX_SHUTDOWN_GRACE sets how long it goes on with what runs.",
        )


class ModelUnavailable(Unavailable):
    """The model's server does not answer, or refuses, before the first token."""

    code = "model_unavailable"


class FirstTokenTimedOut(ModelUnavailable):
    """The model said nothing before the deadline."""

    code = "first_token_timed_out"


class GenerationFailed(AskboxError):
    """The model stopped in the middle of its answer."""

    status = 502
    code = "generation_failed"
