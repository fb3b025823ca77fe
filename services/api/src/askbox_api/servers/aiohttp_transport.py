"""aiohttp under an httpx2 client: what the openai package needs of it, and no more (docs/decisions/0005)."""

from collections.abc import AsyncIterator
from urllib.request import getproxies_environment

import aiohttp
import httpx2


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Sends requests of one httpx2 client through one aiohttp session: no redirects, no retries.

    `connections` is how many may be open at once. The session is made at the first request, as it belongs to the
    event loop that runs then.
    """

    def __init__(self, *, connections: int) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send, and return as soon as the headers are there. Raises what httpx2 names such failures."""
        timeout = request.extensions.get("timeout", {})
        try:
            response = await self._opened().request(
                request.method,
                str(request.url),
                headers=request.headers.multi_items(),
                data=request.content or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    sock_connect=timeout.get("connect"), sock_read=timeout.get("read"), connect=timeout.get("pool")
                ),
            )
        except TimeoutError as error:
            raise httpx2.ConnectTimeout(str(error), request=request) from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        return httpx2.Response(response.status, headers=response.raw_headers, stream=_Body(response), request=request)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=2**16,  # bytes; twice as much is held for each reader that does not read
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=bool(
                    getproxies_environment()
                ),  # looking for one at each request would cost a twentieth of it
            )
        return self._session


class _Body(httpx2.AsyncByteStream):
    """The body as it arrives. Closing it before its end closes the connection, which ends a generation."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for data in self._response.content.iter_any():
                yield data
        except TimeoutError as error:
            raise httpx2.ReadTimeout(str(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx2.ReadError(str(error)) from error

    async def aclose(self) -> None:
        self._response.close()
