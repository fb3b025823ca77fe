"""The one client of the API, synchronous: for the page, the command line and the evaluation.

Knows the routes; what is sent and what comes back is in `schemas`, how a stream is read in `events`.
"""

import ssl
from collections.abc import Generator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx2
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from askbox import addresses
from askbox.addresses import Scalar, segment
from askbox.answers import Shape, connection_errors, parsed, problem_of
from askbox.defaults import DEFAULT_TIMEOUT, DEFAULT_URL
from askbox.errors import InvalidRequest, StreamBroken, UnexpectedAnswer
from askbox.events import EventParser, contract_event
from askbox.schemas import (
    AnswerEvent,
    AskRequest,
    AskResponse,
    CollectionsResponse,
    DocumentIn,
    DocumentPage,
    DocumentRecord,
    DocumentsRequest,
    DocumentsResponse,
    ErrorEvent,
    Event,
    Generation,
    Ready,
    SearchRequest,
    SearchResponse,
    Turn,
    Version,
)

_CONNECT_TIMEOUT = 5.0
_LONGEST_TIMEOUT = 86_400.0
# Shorter than the 5 s after which the API's server closes an idle connection: else a request may meet its end.
_KEEPALIVE = 2.0

Filters = Mapping[str, Scalar | Sequence[Scalar]]


class Client:
    """A client of the askbox API at `url`; use it in a `with`, or call `close`. It may be shared by threads.

    `timeout` is how many seconds the API may say nothing: a model on a slow machine takes minutes. Every method
    raises `InvalidRequest` (nothing was sent), `ApiUnreachable`, `ApiProblem` or `UnexpectedAnswer`.
    """

    def __init__(self, url: str = DEFAULT_URL, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        if not 0 < timeout <= _LONGEST_TIMEOUT:  # which NaN is not, either
            raise InvalidRequest(f"a timeout of {timeout:g} s is not between 0 and {_LONGEST_TIMEOUT:g}")
        address = addresses.api_url(url)
        self.url = addresses.without_credentials(address)
        self.timeout = timeout
        self._http = httpx2.Client(
            base_url=address,
            timeout=httpx2.Timeout(timeout, connect=min(timeout, _CONNECT_TIMEOUT)),
            limits=httpx2.Limits(keepalive_expiry=_KEEPALIVE),
            # Loading the certificates takes 0.1 s, which plain http has no use for.
            verify=True if address.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            trust_env=not addresses.is_loopback(address),
            headers={"User-Agent": "askbox", "Accept": "application/json"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections; the client cannot be used afterwards."""
        self._http.close()

    def ask(
        self,
        question: str,
        *,
        collection: str = "default",
        model: str | None = None,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        top_k: int = 5,
        generation: Generation | None = None,
        trace: bool = False,
    ) -> AskResponse:
        """The whole answer, once it is written. `top_k` is how many passages it may rest on."""
        body = _ask_body(question, collection, model, history, filters, top_k, generation, trace)
        return self._call(AskResponse, "POST", "/ask", content=body)

    def ask_stream(
        self,
        question: str,
        *,
        collection: str = "default",
        model: str | None = None,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        top_k: int = 5,
        generation: Generation | None = None,
        trace: bool = False,
    ) -> Generator[Event, None, None]:
        """The answer as it is written: `hits`, `token`s, then `answer` or `error`, which is the last.

        Nothing is sent before the first event is asked for. Closing the generator ends the generation at the
        model's server. Also raises `StreamBroken`.
        """
        body = _ask_body(question, collection, model, history, filters, top_k, generation, trace)
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        with (
            connection_errors(self.url, timeout=self.timeout),
            self._http.stream("POST", "/ask/stream", content=body, headers=headers) as response,
        ):
            if not response.is_success:
                response.read()
                raise problem_of(response, url=self.url)
            yield from self._events(response)

    def search(
        self, query: str, *, collection: str = "default", filters: Filters | None = None, top_k: int = 5
    ) -> SearchResponse:
        """The passages that fit the words of `query` best."""
        body = _body(SearchRequest, query=query, collection=collection, filters=filters or {}, top_k=top_k)
        return self._call(SearchResponse, "POST", "/search", content=body)

    def add_documents(
        self, documents: Sequence[DocumentIn | Mapping[str, Any]], *, collection: str = "default"
    ) -> DocumentsResponse:
        """Adds a batch, searchable when this returns: one outcome a document, in their order.

        Sending the same again changes nothing.
        """
        body = _body(DocumentsRequest, collection=collection, documents=list(documents))
        return self._call(DocumentsResponse, "POST", "/documents", content=body)

    def documents(
        self,
        *,
        collection: str = "default",
        filters: Filters | None = None,
        offset: int = 0,
        limit: int = 100,
    ) -> DocumentPage:
        """A page of documents in order of id, without their texts."""
        parameters = addresses.query(collection=collection, offset=offset, limit=limit)
        parameters += addresses.filter_parameters(filters or {})
        return self._call(DocumentPage, "GET", "/documents", params=parameters)

    def document(self, id: str, *, collection: str = "default") -> DocumentRecord:
        """One document with its text."""
        path = f"/documents/{segment(id, what='the id of a document')}"
        return self._call(DocumentRecord, "GET", path, params=addresses.query(collection=collection))

    def delete_document(self, id: str, *, collection: str = "default") -> None:
        """Deletes one document and its passages."""
        path = f"/documents/{segment(id, what='the id of a document')}"
        self._send("DELETE", path, params=addresses.query(collection=collection))

    def collections(self) -> CollectionsResponse:
        """All collections with their counts."""
        return self._call(CollectionsResponse, "GET", "/collections")

    def delete_collection(self, name: str) -> None:
        """Deletes a collection and all its documents."""
        self._send("DELETE", f"/collections/{segment(name, what='the name of a collection')}")

    def ready(self) -> Ready:
        """Whether each part works, and what to do if not. It is an answer, too, that the API is not ready."""
        response = self._request("GET", "/health/ready")
        if response.is_success or _is_ready(response):
            return parsed(response, Ready, url=self.url)
        raise problem_of(response, url=self.url)

    def version(self) -> Version:
        """The versions that the API runs."""
        return self._call(Version, "GET", "/version")

    def _call(self, shape: type[Shape], method: str, path: str, **sent: Any) -> Shape:
        return parsed(self._send(method, path, **sent), shape, url=self.url)

    def _send(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        response = self._request(method, path, **sent)
        if response.is_success:
            return response
        raise problem_of(response, url=self.url)

    def _request(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        headers = {"Content-Type": "application/json"} if "content" in sent else {}
        with connection_errors(self.url, timeout=self.timeout):
            return self._http.request(method, path, headers=headers, **sent)

    def _events(self, response: httpx2.Response) -> Iterator[Event]:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "text/event-stream":
            raise UnexpectedAnswer(self.url, f"a stream of events was asked for, {kind or 'nothing'} came")
        parser = EventParser()
        try:
            for chunk in response.iter_bytes():
                for sent in parser.feed(chunk):
                    event = contract_event(sent)
                    if event is not None:
                        yield event
                    if isinstance(event, AnswerEvent | ErrorEvent):
                        return
        except (httpx2.NetworkError, httpx2.ProtocolError) as error:
            raise StreamBroken(self.url) from error
        except ValueError as error:
            raise UnexpectedAnswer(self.url, "the stream holds an event that does not fit") from error
        raise StreamBroken(self.url)


def _ask_body(
    question: str,
    collection: str,
    model: str | None,
    history: Sequence[Turn],
    filters: Filters | None,
    top_k: int,
    generation: Generation | None,
    trace: bool,
) -> str:
    return _body(
        AskRequest,
        question=question,
        collection=collection,
        model=model,
        history=list(history),
        filters=filters or {},
        top_k=top_k,
        generation=generation or Generation(),
        trace=trace,
    )


def _body(shape: type[BaseModel], **values: Any) -> str:
    try:
        return shape(**values).model_dump_json(exclude_defaults=True)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise InvalidRequest("; ".join(faults[:5])) from None
    except PydanticSerializationError:
        raise InvalidRequest("it holds something that is not valid Unicode, or no JSON value") from None


def _is_ready(response: httpx2.Response) -> bool:
    try:
        Ready.model_validate_json(response.content)
    except ValidationError:
        return False
    return True
