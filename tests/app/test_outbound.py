import asyncio
from collections.abc import Sequence

import httpx2
import pytest

from app.errors import Invalid, TooLarge, Unreachable
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


def served(*responses: httpx2.Response) -> tuple[object, list[httpx2.Request]]:
    """What fetching from a host that gives these responses returns, and what it was asked."""
    asked: list[httpx2.Request] = []
    waiting = list(responses)

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return waiting.pop(0)

    async def resolve(host: str) -> Sequence[str]:
        return ["10.0.0.8"] if host == "inside.example" else ["93.184.216.34"]

    outcome: object
    try:
        outcome = asyncio.run(
            fetch_media(
                "https://media.example:8443/a.png",
                allowed_hosts={"media.example", "inside.example"},
                max_bytes=10,
                resolve=resolve,
                transport=httpx2.MockTransport(answer),
            )
        )
    except (Invalid, TooLarge, Unreachable) as error:
        outcome = error
    return outcome, asked


def test_the_request_goes_to_the_address_that_was_checked_under_the_host_s_name() -> None:
    outcome, asked = served(httpx2.Response(200, headers={"content-type": "image/png"}, content=b"png"))
    assert outcome == ("image/png", b"png")
    assert (asked[0].url.host, asked[0].url.port) == ("93.184.216.34", 8443)
    assert asked[0].headers["host"] == "media.example:8443"
    assert asked[0].extensions["sni_hostname"] == "media.example"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://other.example/a.png", "not allowed"),
        ("https://inside.example/a.png", "inside this network"),
        ("file:///etc/passwd", "no http address"),
    ],
)
def test_a_redirect_is_checked_like_the_first_address(location: str, words: str) -> None:
    outcome, asked = served(httpx2.Response(302, headers={"location": location}))
    assert isinstance(outcome, Invalid) and words in str(outcome)
    assert len(asked) == 1


def test_redirects_without_end_are_given_up() -> None:
    outcome, asked = served(*[httpx2.Response(302, headers={"location": "/b.png"})] * 4)
    assert isinstance(outcome, Unreachable) and "redirects more than" in str(outcome)
    assert len(asked) == 4


def test_a_medium_larger_than_the_limit_is_refused() -> None:
    outcome, _ = served(httpx2.Response(200, headers={"content-type": "image/png"}, content=b"12345678901"))
    assert isinstance(outcome, TooLarge)


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/octet-stream", ""])
def test_what_is_no_medium_is_refused(kind: str) -> None:
    outcome, _ = served(httpx2.Response(200, headers={"content-type": kind} if kind else {}, content=b"x"))
    assert isinstance(outcome, Invalid)


def test_an_error_at_the_host_is_said() -> None:
    outcome, _ = served(httpx2.Response(404))
    assert isinstance(outcome, Unreachable) and "404" in str(outcome)
