"""The embedded store: SQLite the truth, tantivy derived from it."""

from askbox_api.stores.embedded.store import EmbeddedStore

__all__ = ["EmbeddedStore"]
