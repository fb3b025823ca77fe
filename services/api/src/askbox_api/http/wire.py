"""From domain values to the contract's JSON, as plain values or bytes; `askbox.schemas` says what the fields mean."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson

from askbox.schemas import AskRequest, DocumentIn
from askbox.schemas import Filters as FiltersIn
from askbox_api.domain import (
    Answer,
    Citation,
    Document,
    DocumentRecord,
    Filters,
    Generation,
    Hit,
    Question,
    Turn,
    WriteOutcome,
)
from askbox_api.ingesting.ingesting import NewDocument


def question(asked: AskRequest) -> Question:
    """The question of a request."""
    generation = asked.generation
    return Question(
        text=asked.question,
        collection=asked.collection,
        model=asked.model,
        history=tuple(Turn(turn.role, turn.content) for turn in asked.history),
        filters=filters(asked.filters),
        top_k=asked.top_k,
        generation=Generation(
            temperature=generation.temperature,
            max_tokens=generation.max_tokens,
            top_p=generation.top_p,
            top_k=generation.top_k,
            seed=generation.seed,
            stop=tuple(generation.stop),
            system_prompt=generation.system_prompt,
        ),
        trace=asked.trace,
    )


def filters(given: FiltersIn) -> Filters:
    """Filters with every value a list of allowed ones."""
    return {name: tuple(value) if isinstance(value, list) else (value,) for name, value in given.items()}


def new_document(given: DocumentIn) -> NewDocument:
    """The document of a request's item."""
    document = Document(
        id=given.id or "",
        text=given.text,
        title=given.title,
        format=given.format,
        headings=tuple(given.headings),
        metadata={name: tuple(value) if isinstance(value, list) else value for name, value in given.metadata.items()},
    )
    return NewDocument(document, has_id=given.id is not None)


def hits_json(hits: Sequence[Hit]) -> orjson.Fragment:
    """The hits as JSON that can stand in several answers and is made once."""
    return orjson.Fragment(orjson.dumps([_hit(hit) for hit in hits]))


def answer_json(answer: Answer, hits: orjson.Fragment) -> bytes:
    """The whole answer as JSON."""
    return orjson.dumps(
        {
            "id": answer.id,
            "answer": answer.text,
            "citations": [_citation(citation) for citation in answer.citations],
            "hits": hits,
            "model": answer.model,
            "abstained": answer.abstained,
            "degraded": answer.degraded,
            "usage": answer.usage,
            "timings": answer.timings,
            "trace": answer.trace,
        }
    )


def record(stored: DocumentRecord) -> dict[str, Any]:
    """A document's record."""
    return asdict(stored)


def outcome(written: WriteOutcome) -> dict[str, Any]:
    """What became of a document."""
    return asdict(written) | {"id": written.id or None}


def _hit(hit: Hit) -> dict[str, Any]:
    passage = hit.passage
    return {
        "document_id": passage.document_id,
        "passage_id": passage.id,
        "title": passage.title,
        "text": passage.text,
        "location": {"start": passage.start, "end": passage.end, "headings": passage.headings},
        "metadata": passage.metadata,
        "score": hit.score,
        "ranks": hit.ranks,
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "n": citation.n,
        "document_id": citation.document_id,
        "passage_id": citation.passage_id,
        "title": citation.title,
        "location": {"start": citation.start, "end": citation.end, "headings": citation.headings},
        "quote": citation.quote,
        "inferred": citation.inferred,
    }
