"""Every request the server makes by itself: media and label servers at hosts that the operator has allowed."""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from app.errors import Invalid, TooLarge, Unreachable

__all__ = ["fetch_media", "post_json"]

_KINDS = ("image/", "audio/", "video/")
_REDIRECTS = 3
_TIMEOUT_SECONDS = 15

Resolve = Callable[[str], Awaitable[Sequence[str]]]


async def _resolve(host: str) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def fetch_media(
    url: str,
    *,
    allowed_hosts: Collection[str],
    max_bytes: int,
    resolve: Resolve = _resolve,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> tuple[str, bytes]:
    """(media type, bytes) of an image, audio or video.

    The request goes to the very address that was checked: a name that is looked up a second time may lead
    elsewhere by then. Raises Invalid for a host that is not allowed or resolves to an address of this machine or
    its network, also after a redirect; TooLarge; Unreachable.
    """
    async with httpx2.AsyncClient(
        timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, transport=transport
    ) as client:
        for _ in range(_REDIRECTS + 1):
            address = await _checked_address(url, allowed_hosts, resolve)
            name = httpx2.URL(url)
            try:
                async with client.stream(
                    "GET",
                    name.copy_with(host=address),
                    headers={"Host": name.netloc.decode()},
                    extensions={"sni_hostname": name.host},
                ) as response:
                    if response.is_redirect:
                        url = urljoin(url, response.headers.get("location", ""))
                        continue
                    if response.status_code != 200:
                        raise Unreachable(f"{url} answered with status {response.status_code}")
                    kind = response.headers.get("content-type", "").split(";")[0].strip()
                    if not kind.startswith(_KINDS) or kind == "image/svg+xml":
                        raise Invalid(f"{url} is {kind or 'of no type'}, not an image, audio or video")
                    return kind, await _read(response, url, max_bytes)
            except httpx2.HTTPError as error:
                raise Unreachable(f"{url} cannot be fetched: {type(error).__name__}") from error
    raise Unreachable(f"{url} redirects more than {_REDIRECTS} times")


async def _checked_address(url: str, allowed_hosts: Collection[str], resolve: Resolve) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not host:
        raise Invalid(f"{url!r} is no http address")
    if host not in allowed_hosts:
        raise Invalid(f"host {host!r} is not allowed; the operator names allowed hosts in MILO_MEDIA_HOSTS")
    try:
        addresses = await resolve(host)
    except OSError as error:
        raise Unreachable(f"host {host!r} is not known") from error
    for address in addresses:
        if not ipaddress.ip_address(address).is_global:
            raise Invalid(
                f"host {host!r} leads to {address}, an address inside this network; it is not fetched"
            )
    if not addresses:
        raise Unreachable(f"host {host!r} has no address")
    return addresses[0]


async def _read(response: httpx2.Response, url: str, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge(f"{url} is larger than {max_bytes // 2**20} MB")
    return bytes(body)


_LARGEST_ANSWER = 16 * 2**20


async def post_json(url: str, body: Any, *, allowed_hosts: Collection[str], timeout_seconds: float) -> Any:
    """The JSON that a server answers with. Hosts inside the network are allowed where the operator names them.

    Raises Invalid for a host that is not allowed or an answer that is no JSON; Unreachable for a server that is
    away or answers with 5xx; TooLarge.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not host:
        raise Invalid(f"{url!r} is no http address")
    if host not in allowed_hosts:
        raise Invalid(f"host {host!r} is not allowed; the operator names hosts in MILO_LABEL_SERVER_HOSTS")
    async with httpx2.AsyncClient(timeout=timeout_seconds, follow_redirects=False, trust_env=False) as client:
        try:
            async with client.stream("POST", url, json=body) as response:
                if response.status_code >= 500 or response.status_code == 429:
                    raise Unreachable(f"{url} answered with status {response.status_code}")
                if response.status_code >= 300:
                    raise Invalid(f"{url} answered with status {response.status_code}")
                text = await _read(response, url, _LARGEST_ANSWER)
        except httpx2.HTTPError as error:
            raise Unreachable(f"{url} cannot be reached: {type(error).__name__}") from error
    try:
        return json.loads(text)
    except ValueError as error:
        raise Invalid(f"{url} did not answer with JSON") from error
