"""One tantivy index of passages: derived from SQLite, one a collection, thrown away and rebuilt at any doubt.

Knows terms, facets, keys and scores; not documents, and not where the truth is kept.
"""

import importlib.metadata
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import tantivy

from askbox_api.stores.embedded.analysis import ANALYSIS_VERSION, ANALYZER, build_analyzer, straighten
from askbox_api.stores.embedded.tantivy_files import IndexDamaged, committed_opstamp

_SCHEMA_VERSION = 1
FINGERPRINT = f"schema {_SCHEMA_VERSION}, analysis {ANALYSIS_VERSION}, tantivy {importlib.metadata.version('tantivy')}"
"""What an index was built with; another one is rebuilt."""

_WRITER_HEAP = 15_000_000  # bytes, the least tantivy takes: memory matters more here than fewer segments
_OVERFETCH = 16
_MOST_TERMS = 1024  # each costs memory and time in every segment
_MOST_TIES = 1024  # ties beyond it are cut as tantivy orders them

_SHOULD, _MUST = tantivy.Occur.Should, tantivy.Occur.Must


class IndexFailed(Exception):
    """tantivy could not do what was asked, for example because the disk is full."""


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """What the index is told of a passage. `key` is its integer key in SQLite, never used twice."""

    key: int
    text: str
    facets: Sequence[str]


class PassageIndex:
    """An open index. One thread may write while others search."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._schema = (
            tantivy.SchemaBuilder()
            # Signed on purpose: tantivy 0.27 deletes nothing by the term of an unsigned field.
            .add_integer_field("key", indexed=True, fast=True)
            .add_text_field("text", tokenizer_name=ANALYZER, index_option="freq")
            .add_text_field("facets", tokenizer_name="raw", index_option="basic")
            .build()
        )
        self._analyzer = build_analyzer()
        with _failures():
            self._index = tantivy.Index(self._schema, path=str(folder))
            self._index.register_tokenizer(ANALYZER, self._analyzer)
            self._index.config_reader("manual")
            self._index.reload()
        self._writer: tantivy.IndexWriter | None = None

    @classmethod
    def open(cls, folder: Path, *, opstamp: int) -> "PassageIndex":
        """The index in `folder`, if it is whole and stands at this commit. Raises IndexDamaged."""
        found = committed_opstamp(folder)
        if found != opstamp:
            raise IndexDamaged(f"{folder.name}: at commit {found}, recorded is {opstamp}")
        try:
            return cls(folder)
        except IndexFailed as error:
            raise IndexDamaged(f"{folder.name}: {error}") from error

    @classmethod
    def create(cls, folder: Path) -> "PassageIndex":
        """An empty index in `folder`, whatever was there before. Raises IndexFailed, OSError."""
        remove(folder)
        folder.mkdir(parents=True)
        return cls(folder)

    @property
    def passages(self) -> int:
        """How many passages the last commit holds."""
        return int(self._index.searcher().num_docs)

    def apply(self, *, removed: Iterable[int], added: Iterable[IndexedPassage], again: bool) -> int:
        """Remove and add passages in one commit and show it to searches; gives its opstamp.

        `again` says that some of the added may be in the index already. Raises IndexFailed, with nothing changed.
        """
        try:
            with _failures():
                # No local name for the writer: a traceback that is kept would keep tantivy's lock with it.
                self._writer = self._writer or self._index.writer(_WRITER_HEAP, 1)
                for key in removed:
                    self._writer.delete_documents_by_term("key", key)
                for passage in added:
                    if again:  # not always: 100,000 pending deletions cost tantivy 60 MB
                        self._writer.delete_documents_by_term("key", passage.key)
                    self._writer.add_document(_as_tantivy(passage))
                opstamp = self._writer.commit()
                self._index.reload()
                return int(opstamp)
        except BaseException:
            self._writer = None  # what it holds uncommitted must not slip into the next commit
            raise

    def release_writer(self) -> None:
        """Let merges finish and give the writer's memory and threads back."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with _failures():
                writer.wait_merging_threads()
                self._index.reload()

    def terms(self, query: str) -> Counter[str]:
        """The terms that a query asks for, and how often; of more than 1,024 different ones the first."""
        words = query.encode("utf-8", "replace").decode()
        counted = Counter(self._analyzer.analyze(straighten(words)))
        return Counter(dict(islice(counted.items(), _MOST_TERMS)))

    def search(self, terms: Counter[str], *, facets: Sequence[Sequence[str]], limit: int) -> list[tuple[int, float]]:
        """Keys and scores of the best `limit` passages, best first, and of all that tie with the last of them."""
        with _failures():
            searcher, query = self._index.searcher(), self._query(terms, facets)
            wanted = max(1, min(limit, int(searcher.num_docs)))
            depth = wanted + _OVERFETCH
            while True:
                found = searcher.search(query, depth, count=False).hits
                cut = found[wanted - 1][0] if len(found) >= wanted else 0.0
                if len(found) < depth or found[-1][0] < cut or depth > wanted + _MOST_TIES:
                    break
                depth *= 8
            hits = [(score, address) for score, address in found if score >= cut]
            keys = searcher.fast_field_values("key", [address for _, address in hits])
        return [(int(key), float(score)) for key, (score, _) in zip(keys, hits, strict=True) if key is not None]

    def _query(self, terms: Counter[str], facets: Sequence[Sequence[str]]) -> tantivy.Query:
        words = tantivy.Query.boolean_query([(_SHOULD, self._term_query(term, times)) for term, times in terms.items()])
        if not facets:
            return words
        filters = (tantivy.Query.term_set_query(self._schema, "facets", values) for values in facets)
        return tantivy.Query.boolean_query(
            [(_MUST, words), *((_MUST, tantivy.Query.const_score_query(filter_, 0.0)) for filter_ in filters)]
        )

    def _term_query(self, term: str, times: int) -> tantivy.Query:
        query = tantivy.Query.term_query(self._schema, "text", term, "freq")
        return tantivy.Query.boost_query(query, float(times)) if times > 1 else query


def remove(folder: Path) -> None:
    """Remove an index, or whatever is in its place, as far as that is possible."""
    if folder.is_file():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _as_tantivy(passage: IndexedPassage) -> tantivy.Document:
    document = tantivy.Document()
    document.add_integer("key", passage.key)
    document.add_text("text", straighten(passage.text))
    for facet in passage.facets:
        document.add_text("facets", facet)
    return document


@contextmanager
def _failures() -> Iterator[None]:
    # tantivy's own errors arrive as ValueError ("An IO error occurred: …"), a few as OSError.
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexFailed(str(error)) from error
