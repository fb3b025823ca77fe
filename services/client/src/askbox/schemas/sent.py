"""What is sent to the API: the requests of the contract, with all their limits."""

import re
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
