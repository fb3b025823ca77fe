"""Records go to the API in batches, and what became of each comes back."""

from collections.abc import Iterator

import pytest
from tests.client.standin import Answer, StandIn

from askbox import ApiUnreachable, Client, DocumentIn, UnexpectedAnswer
from askbox.reading.findings import Failure, Record
from askbox.sending import Sent, send


def record(id: str | None, text: str = "x", *, size: int = 10) -> Record:
    return Record(f"place of {id}", DocumentIn(id=id, text=text), size)


def batches(api: StandIn) -> list[int]:
    return [len(request.body["documents"]) for request in api.requests]


def test_a_batch_holds_two_hundred_documents_at_most(api: StandIn, client: Client) -> None:
    sent = list(send(client, (record(str(n)) for n in range(450)), collection="faq"))

    assert batches(api) == [200, 200, 50]
    assert len(sent) == len(api.documents["faq"]) == 450


def test_a_batch_holds_four_megabytes_at_most_or_one_larger_document(api: StandIn, client: Client) -> None:
    sizes = [1_500_000, 1_500_000, 1_500_000, 9_000_000, 10]

    list(send(client, (record(str(n), size=size) for n, size in enumerate(sizes)), collection="default"))

    assert batches(api) == [2, 1, 1, 1]


def test_no_more_is_read_than_one_batch_ahead(api: StandIn, client: Client) -> None:
    read: list[int] = []

    def endless() -> Iterator[Record]:
        while True:
            read.append(len(read))
            yield record(str(len(read)))

    sending = send(client, endless(), collection="default")
    next(sending)

    assert len(read) == 201


def test_what_is_no_record_passes_through_in_its_place(client: Client) -> None:
    failure = Failure("a", "is broken")

    found = list(send(client, [failure, record("1")], collection="default"))

    assert found[0] is failure
    assert isinstance(found[1], Sent)


def test_an_id_that_comes_again_in_a_later_batch_is_marked(client: Client) -> None:
    records = [record("same"), *(record(str(n)) for n in range(199)), record("same", "other"), record(None)]

    again = [
        each.place for each in send(client, records, collection="default") if isinstance(each, Sent) and each.again
    ]

    assert again == ["place of same"]


def test_a_connection_lost_in_the_middle_raises_after_what_is_in(api: StandIn, client: Client) -> None:
    api.batches_before_loss = 1
    sending = send(client, map(record, map(str, range(300))), collection="faq")

    sent = [next(sending) for _ in range(200)]

    assert all(isinstance(each, Sent) for each in sent)
    with pytest.raises(ApiUnreachable):
        next(sending)


def test_an_answer_with_too_few_outcomes_is_not_believed(api: StandIn, client: Client) -> None:
    api.answers["POST /documents"] = Answer(201, b'{"documents": []}')

    with pytest.raises(UnexpectedAnswer, match="0 outcomes for 1"):
        list(send(client, [record("1")], collection="default"))
