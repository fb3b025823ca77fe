"""What the use cases need of the world, each as a Protocol; adapters live in `stores` and `servers`."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from askbox_api.domain import (
    ChunkedDocument,
    Collection,
    DocumentPage,
    DocumentRecord,
    Filters,
    Generation,
    Hit,
    Message,
    PartHealth,
    Usage,
    WriteOutcome,
)


class PassageStore(Protocol):
    """Where documents and their passages live.

    Every method may raise StoreUnavailable. Methods that take a collection raise CollectionNotFound where none
    of that name exists, unless they say otherwise.
    """

    async def open(self) -> None:
        """Take what the store needs. Never fails because a server is away: any start order works."""

    async def close(self) -> None:
        """Give it back; acknowledged writes are durable before this."""

    async def search(self, query: str, *, collection: str, filters: Filters, top_k: int) -> list[Hit]:
        """The best `top_k` passages by BM25 on the joined field (headings, title, text).

        Ordered by falling score, ties by passage id; empty where nothing matches. The query is words, never a syntax.
        Raises SearchTimedOut after the store's own deadline.
        """

    async def versions(self, ids: Sequence[str], *, collection: str) -> Mapping[str, str]:
        """The version of each of these documents that is stored; empty for a collection that does not exist."""

    async def write(self, documents: Sequence[ChunkedDocument], *, collection: str) -> list[WriteOutcome]:
        """Write documents, making the collection where it is missing; one outcome for each, in their order.

        On return each document that did not fail is durable and searchable, and its earlier version is gone.
        One bad document does not stop the others. Raises StoreReadOnly where nothing can be written at all.
        """

    async def get_document(self, document_id: str, *, collection: str) -> DocumentRecord:
        """The record with its text. Raises DocumentNotFound."""

    async def list_documents(self, *, collection: str, filters: Filters, offset: int, limit: int) -> DocumentPage:
        """Records in order of id, without their text."""

    async def delete_document(self, document_id: str, *, collection: str) -> None:
        """Remove a document and every trace of it. Raises DocumentNotFound."""

    async def collections(self) -> list[Collection]:
        """All collections in order of name, with their counts."""

    async def delete_collection(self, name: str) -> None:
        """Remove a collection with all that is in it."""

    async def check(self) -> PartHealth:
        """Whether the store works now; never raises."""


class LanguageModel(Protocol):
    """A server of language models."""

    def stream(
        self, messages: Sequence[Message], *, model: str, generation: Generation
    ) -> AsyncGenerator[str | Usage, None]:
        """Write an answer: pieces of text as they arrive, and at the end the usage where the server counts it.

        Closing the generator ends the generation at the server. Before the first piece raises ModelNotFound or
        ModelUnavailable; after it GenerationFailed. Never repeats a request by itself.
        """

    async def has(self, model: str) -> bool | None:
        """Whether the server has this model; None where it cannot be asked."""

    async def window(self, model: str) -> int | None:
        """The window in tokens that the loaded model really has; None where the server does not say."""

    async def check(self, model: str) -> PartHealth:
        """Whether this model can answer now; never raises."""

    async def close(self) -> None:
        """Give back connections."""


class EmbeddingModel(Protocol):
    """A server of embedding models."""

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """One vector a text, all of one length."""
