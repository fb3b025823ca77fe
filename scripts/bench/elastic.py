"""The real Elasticsearch of the environment, asked past the store: what its indices take, and their removal."""

import base64
import json
import os
import urllib.error
import urllib.request
from typing import Any


def request(method: str, path: str) -> Any:
    """One request as the account of ASKBOX_TEST_ELASTICSEARCH_USERNAME: the JSON of its answer."""
    username = os.environ.get("ASKBOX_TEST_ELASTICSEARCH_USERNAME", "elastic")
    password = os.environ.get("ASKBOX_TEST_ELASTICSEARCH_PASSWORD", "")
    wanted = urllib.request.Request(f"{os.environ['ASKBOX_TEST_ELASTICSEARCH_URL']}/{path}", method=method)
    wanted.add_header("Authorization", "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode())
    with urllib.request.urlopen(wanted, timeout=60) as response:
        return json.load(response)


def disk_bytes(pattern: str) -> int:
    """What the indices of a pattern take on disk, once all is written to it."""
    request("POST", f"{pattern}/_flush?wait_if_ongoing=true")
    return int(request("GET", f"{pattern}/_stats/store")["_all"]["total"]["store"]["size_in_bytes"])


def remove(pattern: str) -> None:
    """Remove the indices behind a name or pattern, one by one: servers refuse to remove by pattern."""
    try:
        found = request("GET", f"{pattern}?expand_wildcards=all")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return
        raise
    for index in found:
        request("DELETE", index)
