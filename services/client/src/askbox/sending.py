"""Findings → the API, in batches; tells what became of each. Knows neither files nor the terminal.

Memory holds one batch, and eight bytes or so for each id that was sent.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from askbox.client import Client
from askbox.errors import UnexpectedAnswer
from askbox.reading.findings import Failure, Finding, Record, Remark, Skipped
from askbox.schemas import DocumentOutcome

BATCH_DOCUMENTS = 200
BATCH_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Sent:
    """A record that the API answered for. `again` is true where its id had come in an earlier batch."""

    place: str
    outcome: DocumentOutcome
    again: bool = False


def send(
    client: Client, findings: Iterable[Finding], *, collection: str
) -> Iterator[Sent | Failure | Remark | Skipped]:
    """Sends the records as they are found; all else passes through. Raises what `Client.add_documents` does.

    What it has yielded as `Sent` is in, whatever is raised later.
    """
    seen: set[int] = set()
    batch: list[Record] = []
    size = 0
    for finding in findings:
        if not isinstance(finding, Record):
            yield finding
            continue
        if batch and (len(batch) == BATCH_DOCUMENTS or size + finding.size > BATCH_BYTES):
            yield from _send_batch(client, batch, collection=collection, seen=seen)
            batch, size = [], 0
        batch.append(finding)
        size += finding.size
    if batch:
        yield from _send_batch(client, batch, collection=collection, seen=seen)


def _send_batch(client: Client, batch: list[Record], *, collection: str, seen: set[int]) -> Iterator[Sent]:
    answer = client.add_documents([record.document for record in batch], collection=collection)
    if len(answer.documents) != len(batch):
        raise UnexpectedAnswer(client.url, f"{len(answer.documents)} outcomes for {len(batch)} documents")
    earlier = {hash(record.document.id) for record in batch if record.document.id} & seen
    seen |= {hash(record.document.id) for record in batch if record.document.id}
    for record, outcome in zip(batch, answer.documents, strict=True):
        again = record.document.id is not None and hash(record.document.id) in earlier
        yield Sent(record.place, outcome, again)
