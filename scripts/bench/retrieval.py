"""Quality of retrieval: hit@5 and MRR@5 over the course's FAQ on every store that is there, with the limits to keep.

uv run python scripts/bench/retrieval.py                     the two lines per store that must hold
uv run python scripts/bench/retrieval.py --sizes 600,1200    the same for other passage sizes, on the embedded store
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

import faq
import stores

from askbox_api.domain import Filters
from askbox_api.ingesting.ingesting import Ingesting, NewDocument
from askbox_api.ports import PassageStore

DEPTH = 5
LIMITS = {"filtered": (0.95, 0.89), "unfiltered": (0.935, 0.865)}


async def ranks(store: PassageStore, asked: Sequence[faq.Asked], *, filtered: bool) -> list[int | None]:
    """For each question the rank of its document among the documents found, from 1; None where it is not in five."""
    found: list[int | None] = []
    for question, course, document_id in asked:
        filters: Filters = {"course": (course,)} if filtered else {}
        # Passages of one document count once: twice the depth is enough, as nearly all of these have one passage.
        hits = await store.search(question, collection="faq", filters=filters, top_k=2 * DEPTH)
        ids = list(dict.fromkeys(hit.passage.document_id for hit in hits))[:DEPTH]
        found.append(ids.index(document_id) + 1 if document_id in ids else None)
    return found


def scores(found: Sequence[int | None]) -> tuple[float, float]:
    """Hit rate and mean reciprocal rank."""
    hits = [rank for rank in found if rank]
    return len(hits) / len(found), sum(1 / rank for rank in hits) / len(found)


async def measure(
    name: str, corpus: Sequence[NewDocument], asked: Sequence[faq.Asked], *, size: int
) -> dict[str, tuple[float, float]]:
    async with stores.fresh(name) as store:
        await Ingesting(store, passage_size=size).ingest(corpus, collection="faq")
        (collection,) = await store.collections()
        measured = {kind: scores(await ranks(store, asked, filtered=kind == "filtered")) for kind in LIMITS}
    for kind, (hit_rate, mrr) in measured.items():
        print(
            f"{name:14} {size:6} characters  {collection.passages:6} passages  {kind:10}"
            f"  hit@5 {hit_rate:.4f}  MRR@5 {mrr:.4f}"
        )
    return measured


async def main(sizes: Sequence[int]) -> int:
    corpus, asked = faq.documents(), faq.questions()
    print(f"{len(corpus)} documents, {len(asked)} questions")
    if sizes:
        for size in sizes:
            await measure("embedded", corpus, asked, size=size)
        later, lesson = faq.documents("documents-2025.json"), faq.questions("ground-truth-2026-lesson.csv")
        print(f"the later FAQ: {len(later)} documents, {len(lesson)} questions")
        for size in sizes:
            await measure("embedded", later, lesson, size=size)
        return 0
    failed = 0
    for name in stores.names():
        measured = await measure(name, corpus, asked, size=1_200)
        for kind, (hit_rate, mrr) in LIMITS.items():
            if measured[kind][0] < hit_rate or measured[kind][1] < mrr:
                failed = 1
                print(f"BELOW THE LIMIT: {name}, {kind}: hit@5 must be {hit_rate}, MRR@5 {mrr}")
    return failed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[])
    sys.exit(asyncio.run(main(parser.parse_args().sizes)))
