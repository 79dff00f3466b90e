"""Where the door does not go. A listener on this machine proves that nobody knocked."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from thresher.errors import BlockedAddress, HttpStatusError, TransientError
from thresher.net.address import AddressGuard, is_public

FORBIDDEN = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0x7f.1:{port}/",
    "http://0x7f000001:{port}/",
    "http://2130706433:{port}/",
    "http://017700000001:{port}/",
    "http://127.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://127。0。0。1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://user:pw@127.0.0.1:{port}/",
    "http://lying.example:{port}/",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_nobody_knocks_at_a_forbidden_address(server: Any, open_client: Any, url: str) -> None:
    client = open_client(allow_addresses=(), ports=(80, 443, server.port), opening={"resolver": lambda host, port: ["127.0.0.1"]})
    with pytest.raises(BlockedAddress) as caught:
        client.get(url.format(port=server.port))
    assert caught.value.reason == "blocked_address"
    assert server.accepted == 0


@pytest.mark.parametrize("url", FORBIDDEN)
def test_nor_when_a_redirect_leads_there(server: Any, open_client: Any, make_server: Any, url: str) -> None:
    target = make_server()
    server.on("/a", server.reply(302, headers={"Location": url.format(port=target.port).encode().decode("latin-1")}))
    client = open_client(ports=(80, 443, target.port), opening={"resolver": lambda host, port: ["127.0.0.1"]})
    with pytest.raises(BlockedAddress):
        client.get(server.url + "/a")
    assert target.accepted == 0


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "data:,x", "//example.org/x", "", "http://", "http://[::1/"],
)
def test_only_http_is_fetched(open_client: Any, url: str) -> None:
    with pytest.raises(BlockedAddress):
        open_client().get(url)


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://example.org/", "http://10.0.0.1/", "http://169.254.169.254/latest/", "http://[::1", "http://h:99999999/"],
)
def test_a_redirect_is_judged_like_any_url(server: Any, open_client: Any, location: str) -> None:
    with pytest.raises(BlockedAddress):
        open_client().get(server.on("/a", server.reply(302, headers={"Location": location})))


def test_a_port_that_is_not_listed_is_refused(open_client: Any) -> None:
    with pytest.raises(BlockedAddress, match="port 8080"):
        open_client().get("http://example.org:8080/")


def test_the_exemption_is_for_the_exact_pair(server: Any, open_client: Any, make_server: Any) -> None:
    other = make_server()
    with pytest.raises(BlockedAddress):
        open_client().get(other.url)
    assert other.accepted == 0


def test_a_second_lying_answer_is_never_asked_for(server: Any, open_client: Any) -> None:
    answers = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]]
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers.pop(0)

    guard = AddressGuard((80,), (), resolver)
    assert guard.addresses("rebind.example", 80, 1.0) == ["93.184.216.34"]
    assert asked == ["rebind.example"]
    with pytest.raises(BlockedAddress):
        guard.addresses("rebind.example", 80, 1.0)


def test_one_private_address_among_several_refuses_the_name() -> None:
    with pytest.raises(BlockedAddress):
        AddressGuard((80,), (), lambda host, port: ["93.184.216.34", "10.0.0.1"]).addresses("mixed.example", 80, 1.0)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "fec0::1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2001:db8::1",
        "2001:0:0:0:0:0:80ff:fffe",
        "nonsense",
    ],
)
def test_an_address_that_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_an_address_that_is_public(address: str) -> None:
    assert is_public(address)


def test_a_resolver_that_hangs_is_left_behind(open_client: Any, server: Any) -> None:
    client = open_client(tries=1, connect_timeout_s=0.1, opening={"resolver": lambda host, port: server.stopped.wait(5) or []})
    with pytest.raises(TransientError, match="took too long"):
        client.get("http://example.org/")


def test_a_name_that_does_not_resolve_is_transient(open_client: Any) -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(TransientError, match="no such name"):
        open_client(tries=2, opening={"resolver": resolver}).get("http://example.org/")


def _certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's context; the certificate is for ``name`` and signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = cert.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(pem + secret)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "both.pem")
    return serving, ssl.create_default_context(cadata=pem.decode())


def test_the_connection_goes_to_the_address_and_tls_to_the_name(make_server: Any, open_client: Any, tmp_path: Path) -> None:
    serving, trusting = _certificate(tmp_path, "forum.example")
    names: list[str | None] = []
    serving.sni_callback = lambda sock, name, context: names.append(name)
    tls = make_server(tls=serving)
    tls.on("/a", tls.reply(200, b"secret"))
    pairs = tuple(f"{host}:{tls.port}" for host in ("forum.example", "other.example"))
    client = open_client(tries=1, allow_addresses=pairs, opening={"resolver": lambda host, port: ["127.0.0.1"], "ssl_context": trusting})
    assert client.get(f"https://forum.example:{tls.port}/a").body == b"secret"
    assert names == ["forum.example"]
    assert tls.seen[0].headers["host"] == f"forum.example:{tls.port}"
    with pytest.raises(TransientError, match=r"not valid for 'other\.example'"):
        client.get(f"https://other.example:{tls.port}/a")
    assert len(tls.seen) == 1


def test_hops_stay_under_the_limit(server: Any, open_client: Any) -> None:
    server.on("/a", server.reply(301, headers={"Location": "/a"}))
    with pytest.raises(HttpStatusError, match="more than 5 redirects"):
        open_client().get(server.url + "/a")
    assert len(server.seen) == 6


def test_credentials_stay_behind_when_the_host_changes(server: Any, open_client: Any, make_server: Any) -> None:
    other = make_server()
    server.on("/a", server.reply(302, headers={"Location": "/b"}))
    server.on("/b", server.reply(302, headers={"Location": other.url + "/c"}))
    other.on("/c", other.reply(200, b"x"))
    headers = {"Authorization": "Bearer abcdefgh", "Cookie": "sid=1", "Api-Key": "12345678", "Accept": "text/html"}
    open_client(allow_addresses=(server.host, other.host)).get(server.url + "/a", headers=headers)
    assert [s.headers.get("authorization") for s in server.seen] == ["Bearer abcdefgh"] * 2
    assert not {"authorization", "cookie", "api-key"} & set(other.seen[0].headers)
    assert other.seen[0].headers["accept"] == "text/html"


def test_a_post_is_not_carried_to_another_host(server: Any, open_client: Any, make_server: Any) -> None:
    other = make_server()
    server.on("/a", server.reply(307, headers={"Location": other.url}))
    with pytest.raises(HttpStatusError, match="another host"):
        open_client(allow_addresses=(server.host, other.host)).post(server.url + "/a", data={"a": 1})
    assert other.seen == []


def test_a_url_is_judged_before_its_name_is_resolved() -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise AssertionError("resolved")

    guard = AddressGuard((80,), (), resolver)
    for address in ("10.0.0.1", "[fd00::1]", "2130706433"):
        with pytest.raises(BlockedAddress):
            guard.check_url(httpx2.URL(f"http://{address}/"))
