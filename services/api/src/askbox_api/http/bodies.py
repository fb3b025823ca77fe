"""How JSON comes in and goes out: through orjson, which refuses NaN, lone surrogates and endless nesting."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute


class JsonRequest(Request):
    """A request whose JSON is read by orjson (its errors are `json.JSONDecodeError` too), and whose size is limited."""

    async def body(self) -> bytes:
        """The whole body. Raises HTTPException 413 where it is larger than ASKBOX_MAX_BODY, before reading it all."""
        if not hasattr(self, "_body"):
            limit: int = self.app.state.box.settings.max_body
            announced = self.headers.get("content-length", "")
            if announced.isdecimal() and int(announced) > limit:
                raise _too_large(limit)
            chunks, size = [], 0
            async for chunk in self.stream():
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body

    async def json(self) -> Any:
        """The body as Python values."""
        return orjson.loads(await self.body())


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"The body is larger than {limit} bytes.")


class JsonRoute(APIRoute):
    """A route whose requests are read so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, given a request that reads its JSON so."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(JsonRequest(request.scope, request.receive))

        return handle


class Json(Response):
    """JSON that is bytes already, or values that orjson knows: dataclasses, datetimes, numbers, text."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The bytes of the body."""
        return content if isinstance(content, bytes) else orjson.dumps(content)
