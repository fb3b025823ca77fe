"""How an answer and its passages look on a terminal. Prints what it is given; asks nobody."""

from collections.abc import Sequence

from askbox.cli.printing import safe_line, say
from askbox.schemas import AskResponse, Citation, Hit, Notice, Trace

_LONGEST_QUOTE = 140


def present_basis(answer: AskResponse) -> None:
    """What an answer rests on: its citations, and what a reader has to know to judge it."""
    if answer.abstained:
        say("\nThe documents hold no answer to this (abstained).")
        _present_passages("The nearest passages:", answer.hits)
    elif answer.citations:
        say("\nSources")
        for citation in answer.citations:
            say(_citation_line(citation))
    else:
        _present_passages("\nNo sentence of it could be traced to a passage. It was given:", answer.hits)
    if answer.model is None and not answer.abstained:
        say("\nNo model wrote this answer: it is quoted from the best passage (extractive).")
    for notice in answer.degraded:
        say(f"\n{_notice_line(notice)}")
    if answer.trace is not None:
        _present_trace(answer.trace)


def present_hits(hits: Sequence[Hit]) -> None:
    """Passages with their scores, best first."""
    for number, hit in enumerate(hits, start=1):
        say(f"{number}. {heading_line(hit.title, hit.location.headings)}  ({hit.score:.2f})")
        say(f"   {safe_line(hit.document_id)}")
        say(f"   {_shortened(hit.text)}\n")
    if not hits:
        say("Nothing was found.")


def heading_line(title: str, headings: Sequence[str]) -> str:
    """`title › heading › heading`, on one line."""
    return safe_line(" › ".join(part for part in (title, *headings) if part)) or "(no title)"


def _present_passages(introduction: str, hits: Sequence[Hit]) -> None:
    if not hits:
        return
    say(introduction)
    for hit in hits:
        say(f"  • {heading_line(hit.title, hit.location.headings)}")


def _citation_line(citation: Citation) -> str:
    line = f"[{citation.n}] {heading_line(citation.title, citation.location.headings)}"
    inferred = "  (matched by its words)" if citation.inferred else ""
    return f'{line} — "{_shortened(citation.quote)}"{inferred}'


def _notice_line(notice: Notice) -> str:
    remedy = f" — {notice.remedy}" if notice.remedy else ""
    return safe_line(f"Degraded: {notice.part}: {notice.detail}{remedy}")


def _present_trace(trace: Trace) -> None:
    say("\nTrace")
    say(f"  query: {safe_line(trace.query)}")
    say(f"  passages kept: {_numbers(trace.kept)}, dropped: {_numbers(trace.dropped)}")
    say(f"  earlier turns dropped: {trace.dropped_turns}")
    say(f"  tokens of the prompt, estimated: {trace.estimated_tokens} of a window of {trace.window}")
    for message in trace.messages:
        say(f"\n  --- {safe_line(message.role)}")
        say(message.content)


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"


def _shortened(text: str) -> str:
    line = safe_line(text)
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1].rstrip() + "…"
