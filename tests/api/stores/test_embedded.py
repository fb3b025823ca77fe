"""The embedded store when its files are damaged, its process killed, its disk full; see the contract suite too."""

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from askbox_api.domain import ChunkedDocument, Document, Passage
from askbox_api.errors import SearchTimedOut, StoreReadOnly, StoreUnavailable
from askbox_api.stores.embedded import EmbeddedStore

WRITER = Path(__file__).parent / "embedded_writer.py"
Damage = Callable[[Path], object]


def document(id_: str, text: str, *, version: str | None = None) -> ChunkedDocument:
    version = version or text[:50]
    passage = Passage(f"{id_}/{version}", id_, 0, "", (), text, 0, len(text))
    return ChunkedDocument(Document(id_, text), version, (passage,))


async def found(store: EmbeddedStore, query: str = "zebra") -> list[tuple[str, float]]:
    hits = await store.search(query, collection="c", filters={}, top_k=1000)
    return [(hit.passage.id, hit.score) for hit in hits]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def store(data_dir: Path) -> AsyncIterator[EmbeddedStore]:
    """An open store; a test may close it."""
    store = EmbeddedStore(data_dir=data_dir, search_timeout=30)
    await store.open()
    yield store
    await store.close()


def index_files(data_dir: Path, suffix: str) -> list[Path]:
    files = sorted((data_dir / "passages.indexes").rglob(f"*{suffix}"))
    assert files
    return files


def change_middle(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0xFF
    file.write_bytes(content)


def record(data_dir: Path, change: str) -> None:
    db = sqlite3.connect(data_dir / "passages.sqlite3")
    with db:
        db.execute(f"UPDATE collections SET {change}")
    db.close()


DAMAGES: dict[str, Damage] = {
    "all indexes gone": lambda data: shutil.rmtree(data / "passages.indexes"),
    "postings missing": lambda data: index_files(data, ".idx")[0].unlink(),
    "terms cut": lambda data: os.truncate(index_files(data, ".term")[0], 60),
    "postings empty": lambda data: os.truncate(index_files(data, ".idx")[0], 0),
    "one bit of the terms changed": lambda data: change_middle(index_files(data, ".term")[0]),
    "fast field overwritten": lambda data: index_files(data, ".fast")[0].write_bytes(os.urandom(300)),
    "meta missing": lambda data: index_files(data, "meta.json")[0].unlink(),
    "meta garbage": lambda data: index_files(data, "meta.json")[0].write_bytes(b"\x00{"),
    "meta of another shape": lambda data: index_files(data, "meta.json")[0].write_text("[]"),
    "list of files garbage": lambda data: index_files(data, ".managed.json")[0].write_bytes(b"garbage"),
    "a file in place of the folder": lambda data: (
        shutil.rmtree(data / "passages.indexes"),
        (data / "passages.indexes").mkdir(),
        (data / "passages.indexes" / "1").write_text("garbage"),
    ),
    "another commit": lambda data: record(data, "opstamp = opstamp + 1"),
    "another analysis": lambda data: record(data, "fingerprint = 'old'"),
    "never recorded": lambda data: record(data, "opstamp = NULL, applied = 0"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_damaged_index_is_built_again(store: EmbeddedStore, data_dir: Path, damage: Damage) -> None:
    await store.write([document(f"d{n}", "zebra " + "lion " * n) for n in range(20)], collection="c")
    await store.write([document("d3", "zebra replaced")], collection="c")
    before = [id_ for id_, _ in await found(store)]
    await store.close()

    damage(data_dir)
    await store.open()

    assert sorted(id_ for id_, _ in await found(store)) == sorted(before)
    assert (await store.check()).ok
    outcomes = await store.write([document("d3", "zebra replaced"), document("new", "zebra")], collection="c")
    assert [outcome.status for outcome in outcomes] == ["unchanged", "created"]
    assert len(await found(store)) == 21


async def test_an_index_put_back_from_before_the_last_write_is_built_again(
    store: EmbeddedStore, data_dir: Path, tmp_path: Path
) -> None:
    await store.write([document("d1", "zebra old")], collection="c")
    await store.close()
    shutil.copytree(data_dir / "passages.indexes", tmp_path / "copy")
    await store.open()
    await store.write([document("d1", "zebra new"), document("d2", "zebra")], collection="c")
    await store.close()

    shutil.rmtree(data_dir / "passages.indexes")
    shutil.copytree(tmp_path / "copy", data_dir / "passages.indexes")
    await store.open()

    assert sorted(id_ for id_, _ in await found(store)) == ["d1/zebra new", "d2/zebra"]


async def test_an_index_one_change_behind_catches_up(store: EmbeddedStore, data_dir: Path, tmp_path: Path) -> None:
    await store.write([document("d1", "zebra old")], collection="c")
    await store.close()
    shutil.copytree(data_dir / "passages.indexes", tmp_path / "copy")
    db = sqlite3.connect(data_dir / "passages.sqlite3")
    applied, opstamp = db.execute("SELECT applied, opstamp FROM collections").fetchone()
    db.close()
    await store.open()
    await store.write([document("d2", "zebra new")], collection="c")
    await store.close()

    shutil.rmtree(data_dir / "passages.indexes")
    shutil.copytree(tmp_path / "copy", data_dir / "passages.indexes")
    record(data_dir, f"applied = {applied}, opstamp = {opstamp}")
    await store.open()

    assert sorted(id_ for id_, _ in await found(store)) == ["d1/zebra old", "d2/zebra new"]


async def test_a_folder_serves_one_process_at_a_time(store: EmbeddedStore, data_dir: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, WRITER, data_dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    output, errors = await child.communicate()

    assert child.returncode == 1
    assert output == b""
    assert f"StoreUnavailable: the folder {data_dir} is in use by process {os.getpid()}".encode() in errors


async def test_kill_9_while_writing_loses_and_doubles_nothing(data_dir: Path) -> None:
    acknowledged: dict[str, str] = {}
    for acknowledgements in (1, 7, 20):
        acknowledged |= await write_until_killed(data_dir, acknowledgements)
        store = EmbeddedStore(data_dir=data_dir, search_timeout=30)
        await store.open()
        try:
            hits = await store.search("zebra", collection="c", filters={}, top_k=10_000)
            page = await store.list_documents(collection="c", filters={}, offset=0, limit=10_000)
            counted = Counter(hit.passage.document_id for hit in hits)
            assert set(counted.values()) == {1}
            assert sorted(counted) == [record.id for record in page.documents]
            assert page.total == len(counted)
            versions = {record.id: record.version for record in page.documents}
            assert {id_: versions.get(id_, "lost") >= version for id_, version in acknowledged.items()} == (
                dict.fromkeys(acknowledged, True)
            )
            assert {hit.passage.id for hit in hits} == {f"{id_}/{versions[id_]}" for id_ in versions}
        finally:
            await store.close()


async def write_until_killed(data_dir: Path, acknowledgements: int) -> dict[str, str]:
    """What a child process says it has written before it is killed: the version of each document."""
    child = await asyncio.create_subprocess_exec(sys.executable, WRITER, data_dir, stdout=subprocess.PIPE)
    assert child.stdout is not None
    lines = [await child.stdout.readline() for _ in range(acknowledgements)]
    child.send_signal(signal.SIGKILL)
    lines += (await child.stdout.read()).splitlines(keepends=True)
    await child.wait()
    said = [line.decode().split() for line in lines if line.endswith(b"\n")]
    assert len(said) >= acknowledgements
    return {id_: version for version, *ids in said for id_ in ids}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a small tmpfs: run as root to test a full disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def remount(disk: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(disk)], check=True, capture_output=True)


async def fill(store: EmbeddedStore) -> tuple[int, StoreReadOnly]:
    """How many documents fitted, and the refusal of the next."""
    for number in range(1000):
        try:
            await store.write([document(f"d{number}", f"lion {os.urandom(20_000).hex()}")], collection="c")
        except StoreReadOnly as refusal:
            return number, refusal
    raise AssertionError("the disk was never full")


async def test_a_full_disk_stops_writes_only_and_only_while_it_is_full(small_disk: Path) -> None:
    store = EmbeddedStore(data_dir=small_disk / "data", search_timeout=30)
    await store.open()
    await store.write([document("first", "zebra")], collection="c")

    written, refusal = await fill(store)
    with pytest.raises(StoreReadOnly):
        await store.write([document("more", os.urandom(500_000).hex())], collection="c")

    assert str(small_disk) in refusal.detail
    assert refusal.remedy
    assert len(await found(store, "lion")) == written
    assert "full" in (await store.check()).detail
    remount(small_disk, "size=64m")
    await store.write([document("after", "zebra after")], collection="c")
    await store.write([document("again", "zebra again")], collection="c")
    assert {"after/zebra after", "again/zebra again"} <= {id_ for id_, _ in await found(store)}
    assert len(await found(store, "lion")) in (written, written + 1)
    assert "full" not in (await store.check()).detail
    await store.close()
    await store.open()
    assert {"after/zebra after", "again/zebra again"} <= {id_ for id_, _ in await found(store)}
    await store.close()


async def test_a_store_with_a_change_to_catch_up_opens_and_searches_on_a_full_disk(small_disk: Path) -> None:
    store = EmbeddedStore(data_dir=small_disk / "data", search_timeout=30)
    await store.open()
    await store.write([document("first", "zebra")], collection="c")
    written, _ = await fill(store)
    await store.close()
    write_until_full(small_disk / "filler")

    await store.open()

    assert [id_ for id_, _ in await found(store)] == ["first/zebra"]
    assert len(await found(store, "lion")) == written
    with pytest.raises(StoreReadOnly):
        await store.write([document("more", os.urandom(500_000).hex())], collection="c")
    remount(small_disk, "size=64m")
    await store.write([document("after", "zebra after")], collection="c")
    assert len(await found(store)) == 2
    await store.close()


def write_until_full(file: Path) -> None:
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1024))


async def test_a_folder_that_cannot_be_written_is_named(small_disk: Path) -> None:
    remount(small_disk, "ro")
    store = EmbeddedStore(data_dir=small_disk / "data")

    with pytest.raises(StoreUnavailable, match=f"{small_disk}/data cannot be made or written: Read-only"):
        await store.open()


async def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    store = EmbeddedStore(data_dir=tmp_path / "data")

    with pytest.raises(StoreUnavailable, match="data cannot be made or written") as caught:
        await store.open()

    assert "ASKBOX_DATA_DIR" in caught.value.remedy
    assert not (await store.check()).ok


async def test_a_damaged_database_is_said_and_the_folder_is_free_again(store: EmbeddedStore, data_dir: Path) -> None:
    await store.close()
    (data_dir / "passages.sqlite3").write_bytes(b"garbage" * 1000)

    with pytest.raises(StoreUnavailable, match="does not work"):
        await store.open()
    (data_dir / "passages.sqlite3").unlink()
    await store.open()

    assert (await store.check()).ok


async def test_a_file_of_a_newer_askbox_is_refused_and_kept(store: EmbeddedStore, data_dir: Path) -> None:
    await store.close()
    db = sqlite3.connect(data_dir / "passages.sqlite3")
    db.execute("PRAGMA user_version = 99")
    db.close()

    with pytest.raises(StoreUnavailable, match="schema 99"):
        await store.open()


async def test_a_search_past_its_deadline_is_given_up(data_dir: Path) -> None:
    store = EmbeddedStore(data_dir=data_dir, search_timeout=0)
    await store.open()
    await store.write([document("d", "zebra")], collection="c")

    # Long enough to go to a thread: short ones on a small collection are answered at once.
    with pytest.raises(SearchTimedOut, match="within 0 s"):
        await store.search("zebra " * 100, collection="c", filters={}, top_k=5)

    await store.close()


async def test_a_store_that_is_not_open_says_so(data_dir: Path) -> None:
    store = EmbeddedStore(data_dir=data_dir)

    with pytest.raises(StoreUnavailable, match="not open"):
        await store.search("zebra", collection="c", filters={}, top_k=5)
    assert not (await store.check()).ok


def database_bytes(data_dir: Path) -> bytes:
    return b"".join(file.read_bytes() for file in data_dir.glob("passages.sqlite3*"))


async def test_deleted_words_are_not_left_in_the_database(store: EmbeddedStore, data_dir: Path) -> None:
    await store.write([document("d", "zebra Xylophonist"), document("kept", "zebra")], collection="c")

    await store.delete_document("d", collection="c")

    assert b"Xylophonist" not in database_bytes(data_dir)
    assert b"zebra" in database_bytes(data_dir)


async def test_a_deleted_collection_leaves_no_index_and_strays_are_swept(store: EmbeddedStore, data_dir: Path) -> None:
    await store.write([document("d", "zebra")], collection="c")
    await store.delete_collection("c")
    assert list((data_dir / "passages.indexes").iterdir()) == []
    (data_dir / "passages.indexes" / "77").mkdir()

    await store.close()
    await store.open()

    assert list((data_dir / "passages.indexes").iterdir()) == []


async def test_an_id_given_twice_in_one_batch_is_kept_once(store: EmbeddedStore) -> None:
    outcomes = await store.write([document("d", "zebra one"), document("d", "zebra two")], collection="c")

    assert [outcome.status for outcome in outcomes] == ["created", "replaced"]
    assert [id_ for id_, _ in await found(store)] == ["d/zebra two"]
