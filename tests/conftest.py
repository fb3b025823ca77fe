"""What every test shares: the guard on the network, and the real servers that a machine may offer.

A suite that needs a real server asks for its fixture; without the server's variable it is skipped with a line that
says how to turn it on, and `ASKBOX_REQUIRE` (a list of names) makes that skip a failure.
"""

import ipaddress
import os
import socket
import sys
from dataclasses import dataclass

import pytest


def _guard(event: str, args: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    connection, address = args
    if not isinstance(connection, socket.socket) or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    host = address[0] if isinstance(address, tuple) else ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise RuntimeError(f"a test tried to reach {host}: tests reach loopback only")


sys.addaudithook(_guard)


def need(name: str, variable: str) -> str:
    """The value of `variable`; without it the test is skipped, or fails where `ASKBOX_REQUIRE` names `name`."""
    value = os.environ.get(variable, "")
    if value:
        return value
    required = {part.strip() for part in os.environ.get("ASKBOX_REQUIRE", "").split(",")}
    sentence = f"needs a real {name}: set {variable} (see CONTRIBUTING.md, Tests)"
    if name in required:
        pytest.fail(f"ASKBOX_REQUIRE names {name}, but this test {sentence}", pytrace=False)
    pytest.skip(sentence)


@dataclass(frozen=True)
class ElasticsearchServer:
    """A real Elasticsearch and an account that may do anything on it."""

    url: str
    username: str
    password: str


@pytest.fixture(scope="session")
def elasticsearch_server() -> ElasticsearchServer:
    return ElasticsearchServer(
        url=need("elasticsearch", "ASKBOX_TEST_ELASTICSEARCH_URL"),
        username=os.environ.get("ASKBOX_TEST_ELASTICSEARCH_USERNAME", "elastic"),
        password=os.environ.get("ASKBOX_TEST_ELASTICSEARCH_PASSWORD", ""),
    )


@pytest.fixture(scope="session")
def ollama_url() -> str:
    return need("ollama", "ASKBOX_TEST_OLLAMA_URL")
