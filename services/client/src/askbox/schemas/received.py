"""What comes back from the API: answers, records, problems, and the events of a stream."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Received(BaseModel):
    """What the API sends back; a later version may add fields."""

    model_config = ConfigDict(extra="ignore", frozen=True, from_attributes=True)


class Location(Received):
    """Where a passage or a quote stands: character offsets into the document's text, and the headings above it."""

    start: int
    end: int
    headings: list[str] = []


class Hit(Received):
    """A passage found, its score (BM25), and its rank in each stage, counted from 1."""

    document_id: str
    passage_id: str
    title: str
    text: str
    location: Location
    metadata: dict[str, Any] = {}
    score: float
    ranks: dict[str, int] = {}


class Citation(Received):
    """The sentence that a mark `[n]` of the answer points to; `n` counts the hits from 1."""

    n: int
    document_id: str
    passage_id: str
    title: str
    location: Location
    quote: str
    inferred: Annotated[bool, Field(description="matched by its words, as the model set no mark")] = False


class Notice(Received):
    """A part that did not do its work, why, and what to do about it."""

    part: str
    code: str
    detail: str
    remedy: str


class Usage(Received):
    """Tokens as the model's server counted them."""

    prompt_tokens: int
    completion_tokens: int


class Timings(Received):
    """Milliseconds; null for a stage that did not run."""

    queue_ms: float
    search_ms: float
    first_token_ms: float | None = None
    generation_ms: float | None = None
    total_ms: float


class Message(Received):
    """One message of the prompt."""

    role: str
    content: str


class Trace(Received):
    """How the answer came about: the query, the hits kept and dropped (counted from 1), the exact prompt."""

    query: str
    kept: list[int] = []
    dropped: list[int] = []
    dropped_turns: int = 0
    messages: list[Message] = []
    window: int
    estimated_tokens: int


class AskResponse(Received):
    """The whole answer; `model` is null where no model wrote it."""

    id: str
    answer: str
    citations: list[Citation] = []
    hits: list[Hit] = []
    model: str | None = None
    abstained: bool = False
    degraded: list[Notice] = []
    usage: Usage | None = None
    timings: Timings
    trace: Trace | None = None


class SearchResponse(Received):
    """The passages found, best first."""

    hits: list[Hit]


class DocumentOutcome(Received):
    """What became of one document of a batch; a failed one says why, its id may be missing."""

    id: str | None = None
    version: str | None = None
    status: Literal["created", "replaced", "unchanged", "failed"]
    reason: str | None = None


class DocumentsResponse(Received):
    """One outcome for each document, in the order they were sent."""

    documents: list[DocumentOutcome]


class DocumentRecord(Received):
    """What is stored of a document; `text` only where one document was asked for."""

    id: str
    collection: str
    version: str
    title: str
    format: Literal["plain", "markdown"]
    headings: list[str] = []
    metadata: dict[str, Any] = {}
    passages: int
    characters: int
    created_at: datetime
    updated_at: datetime
    text: str | None = None


class DocumentPage(Received):
    """Documents in order of id, and how many there are in all."""

    documents: list[DocumentRecord]
    total: int


class Collection(Received):
    """A named set of documents that is searched together."""

    name: str
    documents: int
    passages: int


class CollectionsResponse(Received):
    """All collections in order of name."""

    collections: list[Collection]


class PartHealth(Received):
    """Whether a part works, and what to do if not. Parts not required only degrade answers."""

    part: str
    ok: bool
    detail: str
    remedy: str = ""
    required: bool = True


class Ready(Received):
    """`ready` is true when every required part works."""

    ready: bool
    parts: list[PartHealth]


class Version(Received):
    """The versions that run."""

    version: str
    python: str


class Problem(Received):
    """A problem as RFC 9457 has it; `code` is stable, `remedy` says what to do, `errors` names the fields."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    remedy: str = ""
    request_id: str = ""
    errors: list[dict[str, str]] = []


class HitsEvent(Received):
    """The first event of a stream: the passages the answer will rest on."""

    event: Literal["hits"] = "hits"
    hits: list[Hit]


class TokenEvent(Received):
    """A piece of the answer, one or more tokens; all pieces add up to the final answer."""

    event: Literal["token"] = "token"
    text: str


class AnswerEvent(Received):
    """The last event of a good stream: the whole answer again."""

    event: Literal["answer"] = "answer"
    answer: AskResponse


class ErrorEvent(Received):
    """The last event of a stream that failed after its status line."""

    event: Literal["error"] = "error"
    problem: Problem


Event = HitsEvent | TokenEvent | AnswerEvent | ErrorEvent
"""What a stream yields: `hits`, then `token` any number of times, then `answer` or `error`."""
