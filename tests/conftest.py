"""What every test gets: no network but this machine's, a model endpoint on it, and databases of both kinds."""

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from tests.contract.loopback import Loopback, running_loopback

pytest_plugins = ["tests.databases"]

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    # A worker takes a file at a time, those with most tests first: the longest have few, and would come last.
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests or a browser first, so that no worker stands idle while the other does them at the end."""
    long = {item.path for item in items if any(map(item.get_closest_marker, ("slow", "browser")))}
    items.sort(key=lambda item: item.path not in long)


def _is_here(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    try:
        return ipaddress.ip_address(str(address[0])).is_loopback
    except ValueError:
        return str(address[0]) == "localhost"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A connection that leaves this machine fails the test."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        if not _is_here(address):
            pytest.fail(f"this test tried to reach {address!r}; tests talk to loopback only")
        return connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if not _is_here(address):
            pytest.fail(f"this test tried to reach {address!r}; tests talk to loopback only")
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)
    yield


@pytest.fixture(scope="session")
def _endpoint() -> Iterator[Loopback]:
    with running_loopback() as running:
        yield running


@pytest.fixture
def loopback(_endpoint: Loopback) -> Loopback:
    """An OpenAI-compatible endpoint on this machine that has seen no request and has no fault in store."""
    _endpoint.forget()
    return _endpoint
