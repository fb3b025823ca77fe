"""The official client, set up for askbox, and the translation of its failures into ours.

Knows neither indices nor what they hold.
"""

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
from elastic_transport import (
    AiohttpHttpNode,
    ApiError,
    ConnectionTimeout,
    HttpHeaders,
    SerializationError,
    TransportError,
)
from elastic_transport.client_utils import DEFAULT, DefaultType, basic_auth_to_header, url_to_node_config
from elasticsearch import AsyncElasticsearch, OrjsonSerializer, UnsupportedProductError

from askbox_api.errors import AskboxError, InvalidInput, StoreReadOnly, StoreUnavailable

if TYPE_CHECKING:
    from elastic_transport._node import NodeApiResponse

_CONNECTIONS = 256
_LARGE = 2**20 - 1  # bytes; aiohttp warns of one write that is longer
_REQUEST_TIMEOUT = 30.0  # seconds
_DNS_KEPT = 2  # seconds; a server that was made anew has another address


class Node(AiohttpHttpNode):
    """The client's aiohttp node, without its log of whole bodies and its limit of 100 connections."""

    async def perform_request(  # type: ignore[override]  # an async node differs from its base, as the client's own
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: DefaultType | float | None = DEFAULT,
    ) -> "NodeApiResponse":
        """As the client's; a large body goes out in pieces, so that the others' requests go on meanwhile."""
        sent = io.BytesIO(body) if body and len(body) > _LARGE else body
        return await super().perform_request(method, target, sent, headers, request_timeout)  # type: ignore[arg-type]  # aiohttp takes both

    def _log_request(self, *args: Any, **kwargs: Any) -> None:
        """Write nothing: the log would hold questions and documents, and is made up before the level is asked."""

    def _create_aiohttp_session(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.session = aiohttp.ClientSession(
            headers=self.headers,
            skip_auto_headers=("accept", "accept-encoding", "user-agent"),
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(
                limit=self._connections_per_node, ttl_dns_cache=_DNS_KEPT, ssl=self._ssl_context or False
            ),
        )


class Server:
    """One Elasticsearch: its client, and its name in messages (`address`, without any credentials).

    The client never waits for a server that failed before, and repeats nothing by itself.
    """

    def __init__(self, url: str, *, username: str, password: str, api_key: str) -> None:
        parts = urlsplit(url)
        self.address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
        try:
            node = url_to_node_config(url, use_default_ports_for_scheme=True)
        except ValueError:
            raise ValueError(
                f"ASKBOX_ELASTICSEARCH_URL is {self.address!r}: it must be like http://localhost:9200"
            ) from None
        headers = dict(node.headers)
        if api_key:
            headers["authorization"] = f"ApiKey {api_key}"
        elif username:
            headers["authorization"] = basic_auth_to_header((username, password))
        self.client = AsyncElasticsearch(
            [node.replace(headers=headers, connections_per_node=_CONNECTIONS)],
            node_class=Node,
            serializer=OrjsonSerializer(),
            request_timeout=_REQUEST_TIMEOUT,
            max_retries=0,
            dead_node_backoff_factor=0,
            max_dead_node_backoff=0,
            meta_header=False,
        )

    async def close(self) -> None:
        """Give back the connections."""
        await self.client.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what the client raises into StoreUnavailable, StoreReadOnly or InvalidInput."""
        try:
            yield
        except UnsupportedProductError:
            raise self.no_elasticsearch() from None
        except ApiError as error:
            raise self.refusal(error.meta.status, error.body) from None
        except ConnectionTimeout:
            raise StoreUnavailable(f"Elasticsearch at {self.address} did not answer in time") from None
        except SerializationError:
            raise self.no_elasticsearch() from None
        except TransportError as error:
            raise StoreUnavailable(
                f"Elasticsearch at {self.address} cannot be reached ({_cause(error)})",
                remedy="Start it (docker compose up -d elasticsearch), or correct ASKBOX_ELASTICSEARCH_URL.",
            ) from None

    def refusal(self, status: int, body: object) -> AskboxError:
        """What an answer with an error status means."""
        kind = error_type(body)
        if kind == "cluster_block_exception" and status in (403, 429):
            return self.read_only()
        if status == 401:
            return StoreUnavailable(
                f"Elasticsearch at {self.address} does not accept the credentials (401)",
                remedy="Set ASKBOX_ELASTICSEARCH_USERNAME and ASKBOX_ELASTICSEARCH_PASSWORD, or "
                "ASKBOX_ELASTICSEARCH_API_KEY, to an account of this server.",
            )
        if status == 403:
            return StoreUnavailable(
                f"Elasticsearch at {self.address} does not allow this account what askbox needs (403 {kind})",
                remedy="Give the account of ASKBOX_ELASTICSEARCH_USERNAME or ASKBOX_ELASTICSEARCH_API_KEY the "
                "privileges read, write and manage on askbox's indices, and monitor on the cluster.",
            )
        if status in (429, 502, 503, 504):
            return StoreUnavailable(
                f"Elasticsearch at {self.address} is overloaded or not ready ({status} {kind})",
                remedy="Wait; if it stays so, look into the log of Elasticsearch.",
            )
        if status == 404:
            return StoreUnavailable(
                f"Elasticsearch at {self.address} lost an index while it was used (404 {kind})",
                remedy="Try again: a collection was probably removed at the same time.",
            )
        if status == 400:
            return InvalidInput(f"Elasticsearch at {self.address} refused this request ({kind})")
        return StoreUnavailable(f"Elasticsearch at {self.address} answered {status} ({kind})")

    def read_only(self) -> StoreReadOnly:
        """The server takes no writes."""
        return StoreReadOnly(
            f"Elasticsearch at {self.address} takes no writes: its indices are read-only",
            remedy="Its disk is probably full: free space on it, and Elasticsearch lifts the block by itself. "
            "A block that a person has set must be lifted by a person.",
        )

    def no_elasticsearch(self) -> StoreUnavailable:
        """What answers is another program."""
        return StoreUnavailable(
            f"what answers at {self.address} is not Elasticsearch",
            remedy="Correct ASKBOX_ELASTICSEARCH_URL.",
        )

    def whole(self, answer: Any) -> Any:
        """The answer, unless a shard failed or ran out of time: then StoreUnavailable, never half a result."""
        shards = answer["_shards"]
        if shards["failed"] or answer.get("timed_out"):
            raise StoreUnavailable(
                f"{shards['failed']} of {shards['total']} shards of Elasticsearch at {self.address} did not answer",
                remedy="Look at the health of its indices (GET /_cat/shards).",
            )
        return answer


def error_type(body: object) -> str:
    """The type of an error; it names no data, unlike its reason."""
    error = body.get("error") if isinstance(body, dict) else None
    kind = error.get("type") if isinstance(error, dict) else None
    return str(kind or "no reason given")


def _cause(error: TransportError) -> str:
    return type(error.errors[0] if error.errors else error).__name__
