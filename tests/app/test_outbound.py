import asyncio
from collections.abc import Sequence

import pytest

from app.errors import Invalid, Unreachable
from app.outbound import fetch_media


def fetch(url: str, addresses: Sequence[str] = ("93.184.216.34",)) -> object:
    async def resolve(_host: str) -> Sequence[str]:
        if not addresses:
            raise OSError("unknown host")
        return addresses

    return asyncio.run(fetch_media(url, allowed_hosts={"media.example"}, max_bytes=10, resolve=resolve))


@pytest.mark.parametrize(
    "url",
    [
        "http://other.example/a.png",
        "http://169.254.169.254/latest",
        "http://localhost/a.png",
        "file:///etc/passwd",
        "ftp://media.example/a",
    ],
)
def test_hosts_that_are_not_allowed_are_not_asked(url: str) -> None:
    with pytest.raises(Invalid):
        fetch(url)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "::1", "fd00::1", "0.0.0.0"]
)
def test_an_allowed_name_that_leads_inside_is_not_followed(address: str) -> None:
    with pytest.raises(Invalid, match="inside this network"):
        fetch("http://media.example/a.png", [address])


def test_an_unknown_host_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="not known"):
        fetch("http://media.example/a.png", [])
