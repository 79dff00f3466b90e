"""Where the door may connect to: only http and https, only allowed ports, only public addresses."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterable

import httpx2

from thresher.errors import BlockedAddress
from thresher.secrets import redact_url

Resolver = Callable[[str, int], list[str]]
"""Gives the addresses of (host, port) as text; raises OSError when there are none."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_NUMERIC_LABEL = re.compile(r"(0[xX][0-9a-fA-F]*|\d+)")
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")
_IPV4_COMPATIBLE = ipaddress.ip_network("::/96")


def resolve(host: str, port: int) -> list[str]:
    """The system's resolver: every address once, in its order of preference."""
    return list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def is_public(address: str) -> bool:
    """Whether this address is out in the internet. An IPv4 address inside an IPv6 one (mapped, compatible, 6to4, Teredo, NAT64) is judged
    itself, because that is where the packets go."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None or ip in _SITE_LOCAL:
            return False
        inner = _embedded(ip)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not (
        ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local or ip.is_private
    )


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip.ipv4_mapped or ip.sixtofour:
        return ip.ipv4_mapped or ip.sixtofour
    if ip.teredo:
        return ip.teredo[1]
    if any(ip in network for network in _NAT64) or ip in _IPV4_COMPATIBLE:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def host_key(url: httpx2.URL) -> str:
    """``host:port``, the unit of politeness; an IPv6 host stands in brackets."""
    host = url.raw_host.decode("ascii").lower().rstrip(".")
    port = url.port or _DEFAULT_PORTS.get(url.scheme, 0)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class AddressGuard:
    """Judges URLs before a request and addresses at the moment of connecting.

    A name is resolved once, when the connection is made, and the connection goes to the address that was judged: a second answer of
    a lying name server is never asked for. One forbidden address among several refuses the name.
    """

    def __init__(self, ports: Iterable[int], allow_addresses: Iterable[str] = (), resolver: Resolver = resolve) -> None:
        self._ports = frozenset(ports)
        self._allowed = frozenset(pair.strip().lower() for pair in allow_addresses)
        self._resolver = resolver

    def check_url(self, url: httpx2.URL) -> None:
        """Refuse what needs no resolving: scheme, port, credentials, numbers dressed as names, literal private addresses."""
        shown = redact_url(str(url))
        if url.scheme not in _DEFAULT_PORTS:
            raise BlockedAddress(f"only http and https are fetched, not {shown!r}", url=shown)
        host = url.raw_host.decode("ascii")
        if not host or "%" in host or url.userinfo:
            raise BlockedAddress(f"not an address that can be fetched: {shown!r}", url=shown)
        if host_key(url) in self._allowed:
            return
        if (url.port or _DEFAULT_PORTS[url.scheme]) not in self._ports:
            raise BlockedAddress(f"port {url.port} is not among the allowed ports {sorted(self._ports)}: {shown!r}", url=shown)
        self._check_host(host, shown)

    def _check_host(self, host: str, shown: str) -> None:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            last = host.rstrip(".").rpartition(".")[2]
            if _NUMERIC_LABEL.fullmatch(last):
                raise BlockedAddress(f"a number dressed as a host name: {shown!r}", url=shown) from None
            return
        if not is_public(host):
            raise BlockedAddress(f"{host} is not a public address: {shown!r}", url=shown)

    def addresses(self, host: str, port: int, timeout_s: float) -> list[str]:
        """The addresses of a host, every one judged. OSError when it cannot be resolved, or not in time; BlockedAddress when one is
        forbidden."""
        pair = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        found = self._resolve_within(host, port, timeout_s)
        if pair.lower() not in self._allowed:
            for address in found:
                if not is_public(address):
                    raise BlockedAddress(f"{host} resolves to {address}, which is not a public address")
        return found

    def _resolve_within(self, host: str, port: int, timeout_s: float) -> list[str]:
        """The system's resolver knows no timeout of ours, so it runs in a thread that may be left behind."""
        answer: list[list[str] | OSError | UnicodeError] = []

        def ask() -> None:
            try:
                answer.append(self._resolver(host, port))
            except (OSError, UnicodeError) as exc:
                answer.append(exc)

        thread = threading.Thread(target=ask, daemon=True, name="thresher-resolve")
        thread.start()
        thread.join(timeout_s)
        if not answer:
            raise TimeoutError(f"resolving {host} took too long")
        result = answer[0]
        if not isinstance(result, list):
            raise OSError(f"{host} cannot be resolved: {result}") from result
        if not result:
            raise OSError(f"{host} has no address")
        return result
