"""What schemathesis must be told of this API that its OpenAPI cannot say; it runs this in a process of its own."""

from typing import Any
from urllib.parse import urljoin

import requests
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData, UndefinedStatusCode

MLOPS = {"course": "mlops"}
DOCUMENTS = [
    {"id": "llama", "text": "Llama 7B needs about 28 GB. Falcon 40B needs about 90 GB.", "metadata": MLOPS},
    {"id": "zebra", "text": "A zebra has stripes. It lives in Africa.", "metadata": MLOPS},
]


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Say the same so that more of what is made reaches beyond validation."""
    schemas = raw_schema["components"]["schemas"]
    # Each document fails by itself, so the contract lets anything in: make documents that are documents.
    schemas["DocumentsRequest"]["properties"]["documents"]["items"] = {"$ref": "#/components/schemas/DocumentIn"}
    for name in ("AskRequest", "SearchRequest"):
        properties = schemas[name]["properties"]
        properties["filters"] = {"anyOf": [{"enum": [{}, MLOPS]}, properties["filters"]]}
    _open_patterns(raw_schema)


def _open_patterns(node: Any) -> None:
    # schemathesis joins a pattern with its lengths as if it had to match the whole text, unless it says so itself.
    if isinstance(node, dict):
        if isinstance(pattern := node.get("pattern"), str) and not pattern.endswith("$"):
            node["pattern"] = pattern + r"[\s\S]*$"
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            _open_patterns(one)


@schemathesis.hook
def filter_failure(context: schemathesis.HookContext, failure: Any, case: Any, response: Any) -> bool:
    """Let pass what the contract says and no schema can; everything else stays a failure."""
    match failure:
        case AcceptedNegativeData() if case.operation.label == "POST /documents":
            # A batch is 201 though a document of it is wrong, as long as that document is `failed`, with a reason.
            return not any(one["status"] == "failed" and one["reason"] for one in response.json()["documents"])
        case RejectedPositiveData() if case.operation.path in ("/ask", "/ask/stream"):
            # How much fits is up to the model.
            return bool(response.json()["code"] != "question_too_long")
        case UndefinedStatusCode() if response.status_code == 400:
            # Filters may make a URL of more than 64 KB: the HTTP parser refuses it before askbox sees it.
            return len(response.request.url) <= 65_000
    return True


@schemathesis.hook
def after_call(context: schemathesis.HookContext, case: Any, response: Any) -> None:
    """Where a collection went, put documents back: questions must go on finding something."""
    if case.operation.label == "DELETE /collections/{name}" and response.status_code == 204:
        requests.post(urljoin(response.request.url, "/documents"), json={"documents": DOCUMENTS}, timeout=60)
