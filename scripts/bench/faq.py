"""The course's FAQ, as the benchmarks read it from ${ASKBOX_SHARED:-../shared}/data/faq."""

import csv
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

from askbox_api.domain import Document
from askbox_api.ingesting.ingesting import NewDocument


class Asked(NamedTuple):
    """A question, the course it belongs to, and the document that answers it."""

    question: str
    course: str
    document_id: str


def folder() -> Path:
    """The folder of the data; ends the program with one sentence where it is missing."""
    shared = Path(os.environ.get("ASKBOX_SHARED", "../shared"))
    data = shared / "data" / "faq"
    if not data.is_dir():
        sys.exit(f"{data} is missing: set ASKBOX_SHARED to the folder that holds data/faq.")
    return data


def documents(name: str = "documents-with-ids.json") -> list[NewDocument]:
    """The documents of a file, as `askbox ingest` would send them."""
    return [
        NewDocument(
            Document(
                id=record["id"],
                title=record["question"],
                text=record["text"],
                headings=(record["section"],),
                metadata={"course": record["course"]},
            ),
            has_id=True,
        )
        for record in json.loads((folder() / name).read_text(encoding="utf-8"))
        if record["text"].strip()
    ]


def questions(name: str = "ground-truth-data.csv") -> list[Asked]:
    """The questions of a file whose documents are in the corpus."""
    with (folder() / name).open(encoding="utf-8", newline="") as file:
        return [
            Asked(row["question"], row["course"], row["document"])
            for row in csv.DictReader(file)
            if row.get("in_documents_2025", "True") == "True"
        ]
