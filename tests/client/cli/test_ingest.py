"""`askbox ingest`: counts, reasons and exit codes."""

import json
from pathlib import Path

import pytest
from tests.client.conftest import Askbox
from tests.client.standin import Answer, StandIn, problem


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    """300 good records, a line each."""
    path = tmp_path / "faq.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "text": f"answer {n}"}) + "\n" for n in range(300)))
    return path


def test_a_folder_goes_in_and_a_second_run_changes_nothing(
    api: StandIn, askbox: Askbox, tmp_path: Path, faq: Path
) -> None:
    (tmp_path / "page.md").write_text("# Page\ntext")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")

    first = askbox("ingest", str(tmp_path))
    second = askbox("ingest", str(tmp_path))

    assert (first.code, first.out) == (0, "301 created, 0 replaced, 0 unchanged, 0 failed\n")
    assert first.err == "skipped 1 files of other kinds (.png 1)\n"
    assert second.out == "0 created, 0 replaced, 301 unchanged, 0 failed\n"
    assert api.documents["default"]["page.md"]["title"] == "Page"


def test_one_bad_record_is_named_and_the_others_go_in(askbox: Askbox, tmp_path: Path) -> None:
    path = tmp_path / "faq.jsonl"
    path.write_text('{"text": "good"}\nnonsense\n{"id": "a", "text": "indigestible"}\n')

    run = askbox("ingest", str(path), "--collection", "faq")

    assert (run.code, run.out) == (1, "1 created, 0 replaced, 0 unchanged, 2 failed\n")
    assert f"failed: {path}:2: is not JSON" in run.err
    assert f"failed: {path}:3: the API could not digest it" in run.err


def test_fields_left_out_are_counted(askbox: Askbox, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"text": f"{n}", "deep": {"a": 1}} for n in range(3)]))

    run = askbox("ingest", str(path))

    assert run.code == 0
    assert run.err == f"{path}: the field 'deep' was left out: an object or a nested list (3 times)\n"


def test_an_id_that_comes_again_is_said(askbox: Askbox, tmp_path: Path, faq: Path) -> None:
    again = tmp_path / "later.json"
    again.write_text('[{"id": "7", "text": "another"}, {"id": "8", "text": "answer 8"}]')

    run = askbox("ingest", str(faq), str(again))

    assert run.code == 0
    assert run.out == "300 created, 1 replaced, 1 unchanged, 0 failed\n"
    assert run.err == f"{again}: item 1: the same id came before in this run; this one counts\n"


def test_what_the_api_remarks_is_passed_on(api: StandIn, askbox: Askbox, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"text": "x"}')
    outcome = {"id": "a", "version": "v", "status": "created", "reason": "the last one counts"}
    api.answers["POST /documents"] = Answer(201, json.dumps({"documents": [outcome]}).encode())

    assert askbox("ingest", str(path)).err == f"{path}: the last one counts\n"


def test_a_connection_lost_in_the_middle_says_what_is_in_and_that_again_is_safe(
    api: StandIn, askbox: Askbox, faq: Path
) -> None:
    api.batches_before_loss = 1

    run = askbox("ingest", str(faq))

    assert (run.code, run.out) == (1, "")
    assert "stopped: at least 200 documents are in; running the same command again is safe" in run.err
    assert "does not answer" in run.err


def test_a_refusal_ends_the_run_with_its_reason(api: StandIn, askbox: Askbox, faq: Path) -> None:
    errors = [{"field": "collection", "message": "is read-only"}]
    api.answers["POST /documents"] = Answer(
        503, problem(503, "store_read_only", "disk full", remedy="free it", errors=errors)
    )

    run = askbox("ingest", str(faq))

    assert run.code == 1
    assert "error: disk full\n- collection: is read-only\nremedy: free it\n" in run.err
    assert "at least 0 documents" in run.err


def test_json_gives_counts_failures_and_remarks(askbox: Askbox, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"text": "x", "deep": {}}, 5]')
    (tmp_path / "b.png").write_bytes(b"")

    run = askbox("--json", "ingest", str(tmp_path))

    assert run.code == 1
    assert run.json == {
        "created": 1,
        "replaced": 0,
        "unchanged": 0,
        "failed": 1,
        "skipped": {".png": 1},
        "failures": [{"place": f"{path}: item 2", "reason": "is not an object with a `text`"}],
        "remarks": [
            {"place": str(path), "text": "the field 'deep' was left out: an object or a nested list", "count": 1}
        ],
    }


def test_a_folder_with_nothing_to_read_is_said(askbox: Askbox, tmp_path: Path) -> None:
    run = askbox("ingest", str(tmp_path))

    assert run.code == 1
    assert f"nothing to ingest in {tmp_path}" in run.err


def test_a_path_that_is_not_there_is_wrong_usage(askbox: Askbox, tmp_path: Path) -> None:
    assert askbox("ingest", str(tmp_path / "gone")).code == 2


def test_a_file_name_cannot_steer_the_terminal(askbox: Askbox, tmp_path: Path) -> None:
    (tmp_path / "\x1b[2J[red].json").write_text("{")

    run = askbox("ingest", str(tmp_path))

    assert "\x1b" not in run.err
    assert "\\x1b[2J[red].json" in run.err
