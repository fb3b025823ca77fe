"""A search on the embedded store's own index with tantivy alone: the same terms and filters, no SQLite, no passages."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import tantivy

from askbox_api.stores.embedded.analysis import ANALYZER, build_analyzer, straighten
from askbox_api.stores.facets import facet


class BareTantivy:
    """One index, open for reading."""

    def __init__(self, data_dir: Path) -> None:
        [folder] = (data_dir / "passages.indexes").iterdir()
        self._analyzer = build_analyzer()
        self._index = tantivy.Index.open(str(folder))
        self._index.register_tokenizer(ANALYZER, self._analyzer)
        self._schema = self._index.schema
        self._searcher = self._index.searcher()

    def search(self, query: str, filters: Mapping[str, tuple[str, ...]], *, top_k: int) -> int:
        """How many of the best `top_k` passages there are; they are ranked, and not read."""
        counted = Counter(self._analyzer.analyze(straighten(query)))
        terms = [(tantivy.Occur.Should, self._term(term, times)) for term, times in counted.items()]
        wanted = tantivy.Query.boolean_query(terms)
        if filters:
            kept = [[facet(field, value) for value in values] for field, values in filters.items()]
            allowed = [tantivy.Query.term_set_query(self._schema, "facets", values) for values in kept]
            must = [(tantivy.Occur.Must, tantivy.Query.const_score_query(query, 0.0)) for query in allowed]
            wanted = tantivy.Query.boolean_query([(tantivy.Occur.Must, wanted), *must])
        return len(self._searcher.search(wanted, top_k, count=False).hits)

    def _term(self, term: str, times: int) -> tantivy.Query:
        query = tantivy.Query.term_query(self._schema, "text", term, "freq")
        return tantivy.Query.boost_query(query, float(times)) if times > 1 else query
