"""The values askbox speaks of: what a person gave, what is retrieved, what is answered.

Frozen, and free of any framework; how they are stored, sent or searched is not known here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

Scalar = str | int | float | bool
Metadata = Mapping[str, Scalar | tuple[Scalar, ...]]
Filters = Mapping[str, tuple[Scalar, ...]]
"""For each metadata field the values that are let through: any of them (OR); all fields must agree (AND)."""

TextFormat = Literal["plain", "markdown"]
Role = Literal["user", "assistant"]


class WriteStatus(StrEnum):
    """What became of one document of a batch."""

    CREATED = "created"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Document:
    """What the user gave. Its id is unique within its collection."""

    id: str
    text: str
    title: str = ""
    format: TextFormat = "plain"
    headings: tuple[str, ...] = ()
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is indexed, retrieved and cited: `document.text[start:end]`, with what names it.

    `start` and `end` are character offsets into the document's text; `position` counts the document's
    passages from 0; `headings` is the path of headings above the passage, outermost first.
    """

    id: str
    document_id: str
    position: int
    title: str
    headings: tuple[str, ...]
    text: str
    start: int
    end: int
    metadata: Metadata = field(default_factory=dict)
    vector: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its score in one result list.

    `ranks` keeps, for each stage that ranked it (`text`, …), the rank counted from 1.
    """

    passage: Passage
    score: float
    ranks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NumberedHit:
    """A hit with the number that marks name it by, counted from 1."""

    n: int
    hit: Hit


@dataclass(frozen=True, slots=True)
class ChunkedDocument:
    """A document with its passages, ready to be written. `version` is a hash of the document's content."""

    document: Document
    version: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class WriteOutcome:
    """What became of one document; `version` is None when it failed, and `reason` says why."""

    id: str
    status: WriteStatus
    version: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """What a store knows of a document. `text` is None where records are listed."""

    id: str
    collection: str
    version: str
    title: str
    format: TextFormat
    headings: tuple[str, ...]
    metadata: Metadata
    passages: int
    characters: int
    created_at: datetime
    updated_at: datetime
    text: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A page of records in order of id, and how many documents match in all."""

    documents: tuple[DocumentRecord, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Collection:
    """A named set of documents that is searched together."""

    name: str
    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A mark `[n]` of the answer and the sentence that it points to.

    `n` counts the hits from 1. `start` and `end` are the quote's character offsets into the document's text.
    `inferred` is true where the model set no mark and the sentence was matched by its words.
    """

    n: int
    document_id: str
    passage_id: str
    title: str
    headings: tuple[str, ...]
    start: int
    end: int
    quote: str
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A part that did not do its work for this answer, why, and what to do about it."""

    part: str
    code: str
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class PartHealth:
    """Whether a part works. `required` parts decide readiness; the others only degrade answers."""

    part: str
    ok: bool
    detail: str
    remedy: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Generation:
    """How the model shall write. None leaves the choice to the server; temperature and max_tokens are always sent."""

    temperature: float = 0.1
    max_tokens: int = 512
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    system_prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """The user's words and all that decides how they are answered."""

    text: str
    collection: str = "default"
    model: str | None = None
    history: tuple[Turn, ...] = ()
    filters: Filters = field(default_factory=dict)
    top_k: int = 5
    generation: Generation = Generation()
    trace: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt, as a chat model reads it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the model's server counted them."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds spent on each stage; None for a stage that did not run."""

    queue_ms: float
    search_ms: float
    first_token_ms: float | None
    generation_ms: float | None
    total_ms: float


@dataclass(frozen=True, slots=True)
class Trace:
    """How an answer came about: the query, which hits the prompt kept, the exact prompt, the room it had.

    `kept` and `dropped` count the hits from 1; `dropped_turns` is how many of the oldest turns did not fit.
    `window` and `estimated_tokens` are in tokens.
    """

    query: str
    kept: tuple[int, ...]
    dropped: tuple[int, ...]
    dropped_turns: int
    messages: tuple[Message, ...]
    window: int
    estimated_tokens: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer. `model` is None where no model wrote it (extractive or abstained without a call)."""

    id: str
    text: str
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    model: str | None
    abstained: bool
    degraded: tuple[Notice, ...]
    usage: Usage | None
    timings: Timings
    trace: Trace | None = None
