"""The HTTP contract as pydantic models: what is sent to the API and what comes back.

The API, the client, the page and the command line share them; what the fields do is written here and nowhere else.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
)

MAX_QUESTION = 8_000
MAX_TURNS = 100
MAX_TURN = 32_000
MAX_TEXT = 5_000_000
MAX_BATCH = 1_000
VISIBLE = r"[^\s\x1c-\x1f\x85\ufeff]"
"""A character that no dialect of regular expressions takes for white space."""
NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f-\x9f]+$"


def _no_blank(value: str) -> str:
    if not re.search(VISIBLE, value):
        raise ValueError("must hold more than white space")
    return value


def _whole(value: object) -> object:
    # JSON knows one kind of number, so 5.0 is as whole as 5.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Name = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$",
        description="lower-case letters, digits, `_` and `-`; at most 63",
        examples=["default"],
    ),
]
NotBlank = AfterValidator(_no_blank)
Whole = BeforeValidator(_whole)
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Scalar = Annotated[str, Field(max_length=2_000)] | StrictBool | StrictInt | Number
FieldName = Annotated[str, Field(min_length=1, max_length=200)]
Metadata = Annotated[
    dict[FieldName, Scalar | Annotated[list[Scalar], Field(max_length=100)]],
    Field(max_length=100, description="scalars or lists of them, to filter by", examples=[{"course": "mlops"}]),
]
Filters = Annotated[
    dict[FieldName, Scalar | Annotated[list[Scalar], Field(min_length=1, max_length=100)]],
    Field(
        max_length=20,
        description="`{field: value or [values]}` on metadata: any of a field's values, and all fields",
        examples=[{"course": "mlops"}],
    ),
]


class Sent(BaseModel):
    """What a client sends: a field nobody knows is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Received(BaseModel):
    """What the API sends back; a later version may add fields."""

    model_config = ConfigDict(extra="ignore", frozen=True, from_attributes=True)


class Turn(Sent):
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: Annotated[str, Field(max_length=MAX_TURN)]


class Generation(Sent):
    """How the model writes. Fields that are null are left to the model's server."""

    temperature: Annotated[Number, Field(ge=0, le=2)] = 0.1
    max_tokens: Annotated[StrictInt, Field(ge=1, le=32_768), Whole] = 512
    top_p: Annotated[Number, Field(gt=0, le=1)] | None = None
    top_k: Annotated[StrictInt, Field(ge=1, le=1_000), Whole] | None = None
    seed: Annotated[StrictInt, Field(ge=0, le=2**31 - 1), Whole] | None = None
    stop: Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=4)] = Field(
        default_factory=list
    )
    system_prompt: Annotated[str, Field(min_length=1, max_length=MAX_QUESTION)] | None = None


class AskRequest(Sent):
    """A question. `history` is the conversation before it, oldest turn first."""

    question: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_QUESTION,
            json_schema_extra={"pattern": VISIBLE},
            examples=["How much GPU memory does Llama 7B need?"],
        ),
        NotBlank,
    ]
    collection: Name = "default"
    model: Annotated[str, Field(min_length=1, max_length=200, examples=["phi3"])] | None = None
    history: Annotated[list[Turn], Field(max_length=MAX_TURNS)] = Field(default_factory=list)
    filters: Filters = Field(default_factory=dict)
    top_k: Annotated[StrictInt, Field(ge=1, le=50, description="passages to retrieve"), Whole] = 5
    mode: Literal["auto", "text"] = "auto"
    generation: Generation = Field(default_factory=Generation)
    trace: StrictBool = False


class SearchRequest(Sent):
    """Words to search for; they are never read as a query syntax."""

    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_QUESTION,
            json_schema_extra={"pattern": VISIBLE},
            examples=["GPU memory of Llama 7B"],
        ),
        NotBlank,
    ]
    collection: Name = "default"
    filters: Filters = Field(default_factory=dict)
    top_k: Annotated[StrictInt, Field(ge=1, le=200), Whole] = 5
    mode: Literal["auto", "text"] = "auto"


class DocumentIn(Sent):
    """One document. Without an id it gets one from its content."""

    id: Annotated[str, Field(min_length=1, max_length=512, pattern=NO_CONTROL_CHARACTERS)] | None = None
    title: Annotated[str, Field(max_length=1_000)] = ""
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT, json_schema_extra={"pattern": VISIBLE}), NotBlank]
    format: Literal["plain", "markdown"] = "plain"
    headings: Annotated[list[Annotated[str, Field(max_length=1_000)]], Field(max_length=20)] = []
    metadata: Metadata = {}


class DocumentsRequest(Sent):
    """A batch of documents. Each is validated by itself: what does not fit `DocumentIn` fails alone."""

    collection: Name = "default"
    documents: Annotated[
        list[Annotated[DocumentIn | Any, Field(union_mode="left_to_right")]],
        Field(min_length=1, max_length=MAX_BATCH),
    ]


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
