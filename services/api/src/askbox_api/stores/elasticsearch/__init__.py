"""The store on Elasticsearch 9, with what its basic licence gives."""

from askbox_api.stores.elasticsearch.store import ElasticsearchStore

__all__ = ["ElasticsearchStore"]
