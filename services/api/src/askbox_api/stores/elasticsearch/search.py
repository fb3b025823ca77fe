"""A question as one search on the joined field, and its answer as hits.

On the path of every question, so it goes from values to values with as few steps as it can.
"""

import re
from typing import Any

import orjson

from askbox_api.domain import Filters, Hit, Passage
from askbox_api.stores.elasticsearch.mapping import Body
from askbox_api.stores.facets import facet

# The server takes at least 1,024 clauses however small it is; a token is a clause.
_MOST_TOKENS = 1000
_PIECE = re.compile(r"[0-9A-Za-z_\u00c0-\u1fff\uac00-\ud7a3]{1,255}|[^\x00-\x7f]")
_MOST_HITS = 10_000
_BEYOND = 2  # hits asked for beyond top_k, so that ties at its edge are seen

_FIELDS = ["document_id", "position", "title", "headings", "text", "start", "end", "metadata"]
_BY_ID: list[Body] = [{"_score": "desc"}, {"id": "asc"}]


def cleaned(query: str) -> str:
    """The query without what cannot be sent, and not longer than the server's limit on clauses."""
    if len(query) > _MOST_TOKENS:
        query = _cut(query)
    if not query.isascii():
        query = query.encode("utf-8", "replace").decode()
    return query.replace("\0", " ")


def filter_clauses(filters: Filters) -> list[Body]:
    """One clause a field: any of its values; all clauses must hold."""
    return [{"terms": {"facets": [facet(field, value) for value in values]}} for field, values in filters.items()]


def search_body(query: str, filters: Filters, *, top_k: int, seconds: float, by_id: bool = False) -> bytes:
    """The body of a search. `by_id` lets the server break ties, which is exact but slower."""
    wanted: Body = {"match": {"all": {"query": query}}}
    if filters:
        wanted = {"bool": {"must": wanted, "filter": filter_clauses(filters)}}
    body: Body = {
        "query": wanted,
        "size": min(top_k + _BEYOND, _MOST_HITS),
        "timeout": f"{max(1, int(seconds * 1000))}ms",
        "track_total_hits": False,
        "_source": _FIELDS,
    }
    if by_id:
        body |= {"sort": _BY_ID, "track_scores": True}
    return orjson.dumps(body)


def tie_at_the_edge(found: list[Any], *, top_k: int) -> bool:
    """Whether hits that were not sent may tie with the last one that counts."""
    return (
        len(found) > top_k > 0 and len(found) >= top_k + _BEYOND and found[-1]["_score"] == found[top_k - 1]["_score"]
    )


def hits(found: list[Any], *, top_k: int) -> list[Hit]:
    """The hits of an answer by falling score, ties by passage id, ranked from 1."""
    ordered = sorted(found, key=_order)[:top_k]
    return [Hit(_passage(hit), hit["_score"], {"text": rank}) for rank, hit in enumerate(ordered, start=1)]


def metadata_of(stored: dict[str, Any]) -> dict[str, Any]:
    """Metadata as it was given: JSON has no tuples."""
    return {field: tuple(value) if type(value) is list else value for field, value in stored.items()}


def _order(hit: Any) -> tuple[float, str]:
    return -hit["_score"], hit["_id"]


def _passage(hit: Any) -> Passage:
    source = hit["_source"]
    return Passage(
        id=hit["_id"],
        document_id=source["document_id"],
        position=source["position"],
        title=source["title"],
        headings=tuple(source["headings"]),
        text=source["text"],
        start=source["start"],
        end=source["end"],
        metadata=metadata_of(source["metadata"]),
    )


def _cut(query: str) -> str:
    for count, piece in enumerate(_PIECE.finditer(query), start=1):
        if count == _MOST_TOKENS:
            return query[: piece.end()]
    return query
