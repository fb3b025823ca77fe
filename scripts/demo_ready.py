"""Waits until a new askbox is ready and its handbook is in, then says whether a model answers."""

import json
import os
import sys
import time
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

PATIENCE = 60.0


def fetch(url: str) -> dict:
    try:
        with urlopen(url, timeout=5) as response:
            return json.load(response)
    except HTTPError as error:
        return json.load(error)


def main(url: str, pid: int) -> int:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
            if fetch(f"{url}/health/ready").get("ready") and fetch(f"{url}/collections").get("collections"):
                break
        except ProcessLookupError:
            return 1  # it has said why
        except (URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.1)
    else:
        print(f"askbox did not become ready within {PATIENCE:g} s; see what it says above.", file=sys.stderr)
        return 1
    model = next(part for part in fetch(f"{url}/health/ready")["parts"] if part["part"] == "model")
    if model["ok"]:
        print(f"\n  The model: {model['detail']}.")
    else:
        print(f"\n  No model yet: {model['detail']}. Until then askbox quotes the best passage. {model['remedy']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
