"""askbox: the contract, the client and the command line. What is imported from here is public.

Everything is loaded on first use, so that neither the contract nor the command line's help pays for the rest.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from askbox.client import Client
    from askbox.defaults import DEFAULT_TIMEOUT, DEFAULT_URL
    from askbox.errors import (
        ApiProblem,
        ApiTimedOut,
        ApiUnreachable,
        AskboxError,
        InvalidRequest,
        StreamBroken,
        UnexpectedAnswer,
    )
    from askbox.schemas import (
        AnswerEvent,
        AskResponse,
        Citation,
        Collection,
        CollectionsResponse,
        DocumentIn,
        DocumentOutcome,
        DocumentPage,
        DocumentRecord,
        DocumentsResponse,
        ErrorEvent,
        Event,
        Generation,
        Hit,
        HitsEvent,
        Location,
        Notice,
        PartHealth,
        Problem,
        Ready,
        SearchResponse,
        TokenEvent,
        Trace,
        Turn,
        Version,
    )

__all__ = [
    "DEFAULT_TIMEOUT",
    "DEFAULT_URL",
    "AnswerEvent",
    "ApiProblem",
    "ApiTimedOut",
    "ApiUnreachable",
    "AskResponse",
    "AskboxError",
    "Citation",
    "Client",
    "Collection",
    "CollectionsResponse",
    "DocumentIn",
    "DocumentOutcome",
    "DocumentPage",
    "DocumentRecord",
    "DocumentsResponse",
    "ErrorEvent",
    "Event",
    "Generation",
    "Hit",
    "HitsEvent",
    "InvalidRequest",
    "Location",
    "Notice",
    "PartHealth",
    "Problem",
    "Ready",
    "SearchResponse",
    "StreamBroken",
    "TokenEvent",
    "Trace",
    "Turn",
    "UnexpectedAnswer",
    "Version",
]

_MODULES = {
    "Client": "client",
    "DEFAULT_TIMEOUT": "defaults",
    "DEFAULT_URL": "defaults",
    "ApiProblem": "errors",
    "ApiTimedOut": "errors",
    "ApiUnreachable": "errors",
    "AskboxError": "errors",
    "InvalidRequest": "errors",
    "StreamBroken": "errors",
    "UnexpectedAnswer": "errors",
}
"""Where a public name lives, if not in `schemas`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'schemas')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
