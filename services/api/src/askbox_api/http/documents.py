"""The routes of documents and collections."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from askbox.schemas import (
    CollectionsResponse,
    DocumentIn,
    DocumentPage,
    DocumentRecord,
    DocumentsRequest,
    DocumentsResponse,
    Name,
)
from askbox_api.domain import WriteOutcome, WriteStatus
from askbox_api.http import wire
from askbox_api.http.access import box_of, problems
from askbox_api.http.bodies import Json, JsonRoute
from askbox_api.http.observing import observe_documents
from askbox_api.http.problems import MAX_ERRORS, field_of
from askbox_api.ingesting.ingesting import NewDocument

router = APIRouter(route_class=JsonRoute, tags=["documents"])

Collection = Annotated[Name, Query(description="the collection")]


@router.post("/documents", status_code=201, response_model=DocumentsResponse, responses=problems(413, 422, 503))
async def add_documents(given: DocumentsRequest, request: Request) -> Response:
    """Take documents into a collection; on 201 those that did not fail are durable and searchable.

    Each document is validated by itself: a bad one is `failed` with a reason, and does not stop the others.
    """
    refused, accepted = _sorted(given)
    outcomes = (
        await box_of(request).ingesting.ingest(list(accepted.values()), collection=given.collection) if accepted else []
    )
    by_index = refused | dict(zip(accepted, outcomes, strict=True))
    ordered = [by_index[index] for index in range(len(given.documents))]
    observe_documents(request.scope, ordered)
    return Json({"documents": [wire.outcome(outcome) for outcome in ordered]}, status_code=201)


@router.get("/documents", response_model=DocumentPage, responses=problems(404, 422, 503))
async def list_documents(
    request: Request,
    collection: Collection = "default",
    filter: Annotated[
        list[Annotated[str, Query(max_length=2_300, json_schema_extra={"pattern": "^[^:]+:"})]],
        Query(description="`field:value` on metadata; repeat it for more", max_length=20),
    ] = [],  # noqa: B006  FastAPI reads it, nobody changes it
    offset: Annotated[int, Query(ge=0, le=9_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
) -> Response:
    """The documents of a collection in order of id, without their text, and how many there are."""
    page = await box_of(request).store.list_documents(
        collection=collection, filters=_filters(filter), offset=offset, limit=limit
    )
    return Json({"documents": [wire.record(record) for record in page.documents], "total": page.total})


@router.get("/documents/{id:path}", response_model=DocumentRecord, responses=problems(404, 422, 503))
async def get_document(id: str, request: Request, collection: Collection = "default") -> Response:
    """One document with its text."""
    return Json(wire.record(await box_of(request).store.get_document(id, collection=collection)))


@router.delete("/documents/{id:path}", status_code=204, responses=problems(404, 422, 503))
async def delete_document(id: str, request: Request, collection: Collection = "default") -> Response:
    """Remove a document and every trace of it."""
    await box_of(request).store.delete_document(id, collection=collection)
    return Response(status_code=204)


@router.get("/collections", response_model=CollectionsResponse, responses=problems(503))
async def list_collections(request: Request) -> Response:
    """All collections with their counts."""
    return Json({"collections": await box_of(request).store.collections()})


@router.delete("/collections/{name}", status_code=204, responses=problems(404, 422, 503))
async def delete_collection(name: Name, request: Request) -> Response:
    """Remove a collection with all its documents."""
    await box_of(request).store.delete_collection(name)
    return Response(status_code=204)


def _sorted(given: DocumentsRequest) -> tuple[dict[int, WriteOutcome], dict[int, NewDocument]]:
    """By their index: the items that are no documents, with the reason, and those that are."""
    refused: dict[int, WriteOutcome] = {}
    accepted: dict[int, NewDocument] = {}
    for index, item in enumerate(given.documents):
        if isinstance(item, DocumentIn):
            accepted[index] = wire.new_document(item)
            continue
        id = item.get("id") if isinstance(item, dict) else None
        refused[index] = WriteOutcome(id if isinstance(id, str) else "", WriteStatus.FAILED, reason=_reason(item))
    return refused, accepted


def _reason(item: object) -> str:
    try:
        DocumentIn.model_validate(item)
    except ValidationError as error:
        found = error.errors(include_input=False)
        named = [f"{field_of(one['loc']) or 'document'}: {one['msg']}" for one in found[:MAX_ERRORS]]
        return "; ".join(named) + (f" (and {len(found) - MAX_ERRORS} more)" if len(found) > MAX_ERRORS else "")
    raise AssertionError("only what DocumentIn refuses comes here")


def _filters(given: list[str]) -> dict[str, tuple[str, ...]]:
    filters: dict[str, tuple[str, ...]] = {}
    for index, one in enumerate(given):
        field, colon, value = one.partition(":")
        if not (field and colon):
            raise RequestValidationError(
                [{"type": "value_error", "loc": ("query", "filter", index), "msg": "must be field:value"}]
            )
        filters[field] = (*filters.get(field, ()), value)
    return filters
