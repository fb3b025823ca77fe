"""Reads what an API counted."""

import httpx2


def counters(http: httpx2.Client) -> dict[str, float]:
    """The counters of requests, answers and documents, by name and labels as /metrics writes them."""
    lines = [line.rpartition(" ") for line in http.get("/metrics").text.splitlines() if not line.startswith("#")]
    wanted = ("askbox_requests_total", "askbox_answers_total", "askbox_documents_total")
    return {name: float(number) for name, _, number in lines if name.startswith(wanted)}
