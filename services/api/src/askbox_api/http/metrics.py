"""What is counted, under Prometheus names with their units. Labels never hold what a user sent."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from askbox_api.asking.slots import Slots
from askbox_api.domain import Answer

SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600)
_STAGES = ("queue", "search", "first_token", "generation", "total")


class Metrics:
    """The metrics of one app."""

    def __init__(self, slots: Slots) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the package types all but this
        self.registry = registry = CollectorRegistry(auto_describe=False)
        requests = Counter("askbox_requests", "Requests answered.", ("route", "status"), registry=registry)
        duration = Histogram(
            "askbox_request_duration_seconds",
            "From a request to its last byte.",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self._request = cache(lambda route, status: (requests.labels(route, status), duration.labels(route)))
        stages = Histogram(
            "askbox_stage_duration_seconds", "The stages of an answer.", ("stage",), buckets=SECONDS, registry=registry
        )
        self._stages = {name: stages.labels(name) for name in _STAGES}
        answers = Counter("askbox_answers", "Answers by what they are.", ("outcome",), registry=registry)
        self._answer = cache(answers.labels)
        self._degraded = Counter(
            "askbox_degraded_answers", "Answers that lacked a part.", ("part", "code"), registry=registry
        )
        tokens = Counter("askbox_tokens", "Tokens as servers counted them.", ("kind",), registry=registry)
        self._prompt_tokens, self._completion_tokens = tokens.labels("prompt"), tokens.labels("completion")
        self.documents = Counter("askbox_documents", "Documents ingested.", ("status",), registry=registry)
        Gauge("askbox_questions_running", "Questions that hold a slot.", registry=registry).set_function(
            lambda: slots.busy
        )
        Gauge("askbox_questions_queued", "Questions that wait for one.", registry=registry).set_function(
            lambda: slots.queued
        )

    def requested(self, *, route: str, status: int, seconds: float) -> None:
        """Count a request and how long it took, to its last byte."""
        count, duration = self._request(route, str(status))
        count.inc()
        duration.observe(seconds)

    def answered(self, answer: Answer) -> None:
        """Count an answer that was given."""
        self._answer(outcome(answer)).inc()
        for name, milliseconds in stages(answer).items():
            self._stages[name].observe(milliseconds / 1000)
        for notice in answer.degraded:
            self._degraded.labels(notice.part, notice.code).inc()
        if answer.usage:
            self._prompt_tokens.inc(answer.usage.prompt_tokens)
            self._completion_tokens.inc(answer.usage.completion_tokens)

    def failed(self) -> None:
        """Count a question that got no answer."""
        self._answer("failed").inc()

    def text(self) -> bytes:
        """All metrics as Prometheus reads them."""
        return generate_latest(self.registry)


def outcome(answer: Answer) -> str:
    """`abstained`, `written` by a model, or `extractive`."""
    if answer.abstained:
        return "abstained"
    return "written" if answer.model else "extractive"


def stages(answer: Answer) -> dict[str, float]:
    """Milliseconds of each stage that ran."""
    timings = ((name, getattr(answer.timings, f"{name}_ms")) for name in _STAGES)
    return {name: milliseconds for name, milliseconds in timings if milliseconds is not None}
