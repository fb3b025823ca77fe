"""The routes of a question: ask, ask as a stream, search."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from askbox.schemas import AskRequest, AskResponse, HitsEvent, Problem, SearchRequest, SearchResponse, TokenEvent
from askbox_api.http import wire
from askbox_api.http.access import box_of, problems, reference
from askbox_api.http.bodies import Json, JsonRoute
from askbox_api.http.events import AnswerStream
from askbox_api.http.leaving import unless_client_leaves
from askbox_api.http.observing import observe_answer, request_id_of

router = APIRouter(route_class=JsonRoute, tags=["asking"])

_STREAM = """event: hits
data: {"hits": [{"document_id": "08-model-size-and-gpu-memory.md", "text": "…", "score": 11.2, …}]}

event: token
data: {"text": "Llama 7B needs about 28 GB [1]."}

event: answer
data: {"id": "ask-5d1c…", "answer": "Llama 7B needs about 28 GB [1].", "citations": […], …}

"""


def _event(name: str, data: type[BaseModel]) -> dict[str, Any]:
    content = {"contentMediaType": "application/json", "contentSchema": reference(data)}
    properties = {"event": {"const": name}, "data": {"type": "string", **content}}
    return {"type": "object", "required": ["event", "data"], "properties": properties}


_EVENT = {
    "oneOf": [
        _event("hits", HitsEvent),
        _event("token", TokenEvent),
        _event("answer", AskResponse),
        _event("error", Problem),
    ]
}


@router.post("/ask", response_model=AskResponse, responses=problems(404, 413, 422, 502, 503))
async def ask(asked: AskRequest, request: Request) -> Response:
    """Answer a question from the documents, with citations.

    Where the model is missing the answer is extractive: `model` is null and `degraded` says why and what to do. Where
    the documents do not hold the answer, `abstained` is true.
    """
    async with unless_client_leaves(request.receive):
        opened = await box_of(request).asking.open(wire.question(asked))
        try:
            answer = await opened.answer()
        finally:
            await opened.close()
    observe_answer(request.scope, answer)
    return Json(wire.answer_json(answer, wire.hits_json(answer.hits)))


@router.post(
    "/ask/stream",
    response_class=Response,
    responses={
        200: {
            "description": "Server-sent events: `hits`, then `token` any number of times, then `answer` or `error`. "
            "The pieces of `token` add up to the answer; the last event repeats it whole.",
            "content": {"text/event-stream": {"itemSchema": _EVENT, "example": _STREAM}},
        },
        **problems(404, 413, 422, 503),
    },
)
async def ask_stream(asked: AskRequest, request: Request) -> Response:
    """Answer a question as a stream of server-sent events. Closing the connection ends the generation."""
    box = box_of(request)
    return AnswerStream(
        box.asking,
        wire.question(asked),
        request_id=request_id_of(request),
        patience=box.settings.first_token_timeout + box.settings.answer_timeout,
        stall=box.settings.send_timeout,
    )


@router.post("/search", response_model=SearchResponse, responses=problems(404, 413, 422, 503))
async def search(sought: SearchRequest, request: Request) -> Response:
    """The passages that match a query best, with their scores: retrieval without a model."""
    hits = await box_of(request).store.search(
        sought.query, collection=sought.collection, filters=wire.filters(sought.filters), top_k=sought.top_k
    )
    return Json({"hits": wire.hits_json(hits)})
