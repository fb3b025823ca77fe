"""From a question to the passages it is answered from."""

from askbox_api.domain import Hit, Question
from askbox_api.ports import PassageStore


def query_of(question: Question) -> str:
    """What the store is asked for: with a conversation, the previous question and this one."""
    previous = next((turn.content for turn in reversed(question.history) if turn.role == "user"), "")
    return f"{previous}\n{question.text}" if previous else question.text


async def retrieve(question: Question, store: PassageStore) -> list[Hit]:
    """At most `question.top_k` hits, best first; raises what the store's search raises."""
    return await store.search(
        query_of(question), collection=question.collection, filters=question.filters, top_k=question.top_k
    )
