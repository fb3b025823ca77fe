"""Where the threshold of inferred citations belongs: answers of three real models, with their passages.

For each threshold: the share of citations that point to the document the answer was made from, the share of answers
that get one, and, as a control, the share of answers that get any from the passages of another question.
"""

import asyncio
import csv

import faq
import stores

from askbox_api.asking import citing
from askbox_api.domain import Hit, NumberedHit
from askbox_api.ingesting.ingesting import Ingesting

FILES = ("results-gpt4o-mini-cosine.csv", "results-gpt4o-cosine.csv", "results-gpt35-cosine.csv")
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
EACH = 300


async def answers() -> list[tuple[str, str, list[Hit]]]:
    """Answers without marks, the document each was made from, and the hits of its question."""
    found = []
    async with stores.fresh("embedded") as store:
        await Ingesting(store, passage_size=1_200).ingest(faq.documents(), collection="faq")
        for name in FILES:
            with (faq.folder() / name).open(encoding="utf-8", newline="") as file:
                for row in list(csv.DictReader(file))[:EACH]:
                    filters = {"course": (row["course"],)}
                    hits = await store.search(row["question"], collection="faq", filters=filters, top_k=5)
                    if any(hit.passage.document_id == row["document"] for hit in hits):
                        found.append((row["answer_llm"], row["document"], hits))
    return found


def numbered(hits: list[Hit]) -> list[NumberedHit]:
    return [NumberedHit(n, hit) for n, hit in enumerate(hits, start=1)]


def main() -> None:
    judged = asyncio.run(answers())
    others = judged[len(judged) // 2 :] + judged[: len(judged) // 2]
    print(f"{len(judged)} answers whose document is among the hits")
    print("threshold  citations right  answers cited  answers cited from another question's passages")
    for threshold in THRESHOLDS:
        citing.CONTAINMENT = threshold
        cited = [(document, citing.cite(text, numbered(hits))) for text, document, hits in judged]
        citations = [(document, one.document_id) for document, all_ in cited for one in all_]
        right = sum(document == found for document, found in citations)
        covered = sum(any(one.document_id == document for one in all_) for document, all_ in cited)
        crossed = zip(judged, others, strict=True)
        wrong = sum(bool(citing.cite(text, numbered(other))) for (text, *_), (*_, other) in crossed)
        print(
            f"{threshold:9}  {right / max(1, len(citations)):15.3f}  {covered / len(judged):13.3f}"
            f"  {wrong / len(judged):.3f}"
        )


if __name__ == "__main__":
    main()
