"""How askbox's data lies in Elasticsearch: the names of indices, their analysis and their mappings.

Knows no client and sends nothing.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]
"""A request or an answer of Elasticsearch as plain JSON values."""

_COLLECTION = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")

ANALYSIS: Body = {
    "char_filter": {"apostrophes": {"type": "mapping", "mappings": ["\u2019=>'", "\u2018=>'"]}},
    "filter": {
        "stop_words": {"type": "stop", "stopwords": "_english_"},
        # `english` would be Porter's first stemmer; the embedded store has his second.
        "stem": {"type": "stemmer", "language": "porter2"},
    },
    "analyzer": {
        "joined": {
            "type": "custom",
            "char_filter": ["apostrophes"],
            "tokenizer": "standard",
            "filter": ["lowercase", "stop_words", "stem"],
        }
    },
}

_KEPT: Body = {"type": "text", "index": False}
_JOINED: Body = {"type": "text", "index": False, "copy_to": "all"}
# What no query asks for is only kept: every structure of a field is made anew at each refresh.
_TERM: Body = {"type": "keyword"}
_FILTERED: Body = {"type": "keyword", "doc_values": False}
_SORTED: Body = {"type": "keyword", "index": False}
_WORD: Body = {"type": "keyword", "index": False, "doc_values": False}
_NUMBER: Body = {"type": "integer", "index": False, "doc_values": False}
_DATE: Body = {"type": "date", "index": False, "doc_values": False}
_UNREAD: Body = {"type": "object", "enabled": False}

PASSAGES: Body = {
    "dynamic": "strict",
    "properties": {
        "all": {"type": "text", "analyzer": "joined"},
        "id": _SORTED,
        "document_id": _TERM,
        "version": _SORTED,
        "position": _NUMBER,
        "headings": _JOINED,
        "title": _JOINED,
        "text": _JOINED,
        "start": _NUMBER,
        "end": _NUMBER,
        "metadata": _UNREAD,
        "facets": _FILTERED,
        "indexed_at": {"type": "date", "index": False},
        # Its length is that of the first vector; the server's default would round the numbers.
        "vector": {"type": "dense_vector", "index_options": {"type": "hnsw"}},
    },
}

DOCUMENTS: Body = {
    "dynamic": "strict",
    "properties": {
        "id": _SORTED,
        "collection": _TERM,
        "version": _WORD,
        "title": _KEPT,
        "format": _WORD,
        "headings": _KEPT,
        "metadata": _UNREAD,
        "facets": _FILTERED,
        "passages": {"type": "integer", "index": False},
        "characters": _NUMBER,
        "created_at": _DATE,
        "updated_at": _DATE,
        "text": _KEPT,
    },
}


def schema_of(mapping: Body) -> str:
    """Eight hexadecimal digits that change when the mapping or the analysis does."""
    content = json.dumps([ANALYSIS, mapping], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:8]


def record_id(collection: str, document_id: str) -> str:
    """The `_id` of a document's record; safe for any document id."""
    content = f"{collection}\0{document_id}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()


def is_collection_name(name: str) -> bool:
    """Whether a collection may have this name; nothing else ever becomes part of an index name."""
    return _COLLECTION.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Layout:
    """The indices of one askbox on a server; everything is read and written through their aliases."""

    prefix: str
    shards: int = 1
    replicas: int = 0

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError(f"{self.prefix!r} cannot begin the names of indices: use a-z, 0-9, _ and -")

    @property
    def documents(self) -> str:
        """The alias of all document records."""
        return f"{self.prefix}-documents"

    @property
    def every_collection(self) -> str:
        """The pattern that matches the passages of all collections."""
        return f"{self.prefix}-passages.*"

    def passages(self, collection: str) -> str:
        """The alias of a collection's passages. The name must be a valid one."""
        assert is_collection_name(collection)
        return f"{self.prefix}-passages.{collection}"

    def collection_of(self, alias: str) -> str | None:
        """The collection that an alias stands for; None for an alias of something else."""
        name = alias.removeprefix(f"{self.prefix}-passages.")
        return name if name != alias and is_collection_name(name) else None

    def index_of(self, alias: str, mapping: Body) -> tuple[str, Body]:
        """The name of the index behind an alias, and the body that makes it."""
        settings = {
            "number_of_shards": self.shards,
            "number_of_replicas": self.replicas,
            "analysis": ANALYSIS,
        }
        body = {"aliases": {alias: {}}, "settings": settings, "mappings": mapping}
        return f"{alias}.{schema_of(mapping)}", body
