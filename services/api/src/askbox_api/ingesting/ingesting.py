"""The path of a document: give it an id and a version, cut it into passages, write both."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from askbox_api.domain import ChunkedDocument, Document, Passage, WriteOutcome, WriteStatus
from askbox_api.ingesting.chunking import CHUNKING, chunk, first_heading
from askbox_api.ports import PassageStore

IN_LOOP = 50_000
"""Characters of a batch above which it is cut in a thread, so that the event loop goes on answering."""

DOUBLED = "the same id came again later in this batch; the last one counts"


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document as it was given: its id may be missing."""

    document: Document
    has_id: bool


class Ingesting:
    """Takes documents into the store. `passage_size` is in characters."""

    def __init__(self, store: PassageStore, *, passage_size: int) -> None:
        self._store = store
        self._passage_size = passage_size

    async def ingest(self, documents: Sequence[NewDocument], *, collection: str) -> list[WriteOutcome]:
        """One outcome a document, in their order; a document that failed does not stop the others.

        A document without an id gets a hash of its content. Of an id that comes twice the last one counts, and the
        earlier ones say so in `reason`. Raises StoreUnavailable and StoreReadOnly.
        """
        prepared = [_prepared(new, passage_size=self._passage_size) for new in documents]
        last = {document.id: (document, version) for document, version in prepared}
        stored = await self._store.versions(list(last), collection=collection)
        changed = [(document, version) for document, version in last.values() if stored.get(document.id) != version]
        outcomes = {
            document.id: WriteOutcome(document.id, WriteStatus.UNCHANGED, version)
            for document, version in last.values()
            if stored.get(document.id) == version
        }
        if changed:
            written = await self._store.write(await self._chunk(changed), collection=collection)
            outcomes |= {outcome.id: outcome for outcome in written}
        return [_outcome(outcomes, document, last=last[document.id][0]) for document, _ in prepared]

    async def _chunk(self, changed: Sequence[tuple[Document, str]]) -> list[ChunkedDocument]:
        if sum(len(document.text) for document, _ in changed) <= IN_LOOP:
            return self._chunk_all(changed)
        return await asyncio.to_thread(self._chunk_all, changed)

    def _chunk_all(self, changed: Sequence[tuple[Document, str]]) -> list[ChunkedDocument]:
        return [chunked(document, version, passage_size=self._passage_size) for document, version in changed]


def chunked(document: Document, version: str, *, passage_size: int) -> ChunkedDocument:
    """The document with its passages; their ids are hashes of document, version and position."""
    return ChunkedDocument(
        document=document,
        version=version,
        passages=tuple(
            Passage(
                id=_hash(document.id, version, str(position)),
                document_id=document.id,
                position=position,
                title=document.title,
                headings=(*document.headings, *_below(document.title, section.headings)),
                text=document.text[section.start : section.end],
                start=section.start,
                end=section.end,
                metadata=document.metadata,
            )
            for position, section in enumerate(chunk(document.text, format=document.format, size=passage_size))
        ),
    )


def version_of(document: Document, *, passage_size: int) -> str:
    """A hash of all that decides what is stored: the content, and how it is cut."""
    return _hash(_content(document), str(CHUNKING), str(passage_size))


def _prepared(new: NewDocument, *, passage_size: int) -> tuple[Document, str]:
    document = new.document
    if document.format == "markdown" and not document.title:
        document = replace(document, title=first_heading(document.text))
    version = version_of(document, passage_size=passage_size)
    return document if new.has_id else replace(document, id=_hash(_content(document))), version


def _content(document: Document) -> str:
    return json.dumps(
        [document.title, document.text, document.format, document.headings, dict(document.metadata)],
        sort_keys=True,
        ensure_ascii=True,
    )


def _below(title: str, headings: tuple[str, ...]) -> tuple[str, ...]:
    """The headings without the one that is the title already."""
    return headings[1:] if headings[:1] == (title,) else headings


def _outcome(outcomes: Mapping[str, WriteOutcome], document: Document, *, last: Document) -> WriteOutcome:
    outcome = outcomes[document.id]
    if document is last or outcome.status is WriteStatus.FAILED:
        return outcome
    return replace(outcome, reason=DOUBLED)


def _hash(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
