"""Events are delivered to allowed addresses alone, and tried again with growing pauses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from caseforge_assets.events.addresses import AddressRefused, read_target, refusal_of, refuse_address, shown_url
from caseforge_assets.events.pauses import TRIED_FOR, next_try

GOOD = "https://hooks.example.org/caseforge?room=7"


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "gopher://hooks.example.org/_x",
        "https://user:password@hooks.example.org/",
        "https://user@hooks.example.org/",
        "https://hooks.example.org:22/",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org:x/",
        "https://hooks.example.org/#part",
        "https://hooks.example.org/a b",
        "https://hooks.example.org\\@inside.example/",
        "https://hooks.example.org/\r\nHost: inside",
        "https://hööks.example.org/",
        "https:///path",
        "https://",
        "hooks.example.org",
        "https://[::1",
        "https://" + "a" * 3_000,
        "",
    ],
)
def test_addresses_that_nothing_is_delivered_to(url: str) -> None:
    with pytest.raises(AddressRefused):
        read_target(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:0:0:0:0:80ff:fffe",
    ],
)
def test_what_is_none_of_the_public_internet_is_refused_unless_it_is_allowed(address: str) -> None:
    target = read_target(GOOD)
    assert "none of the public internet" in refusal_of(target, address, ())
    assert "none of the public internet" in refusal_of(target, address, ["10.99.0.0/16"])
    assert refusal_of(target, address, ["0.0.0.0/0", "::/0"]) == ""


def test_an_address_written_in_digits_is_looked_at_when_it_is_added() -> None:
    for url in ("https://10.1.2.3/", "https://[::ffff:169.254.169.254]/", "https://[::1]:8443/"):
        with pytest.raises(AddressRefused, match="none of the public internet"):
            refuse_address(read_target(url), ())
    with pytest.raises(AddressRefused, match="none of the public internet"):
        refuse_address(read_target("http://10.1.2.3:8080/", ["10.99.0.0/16"]), ["10.99.0.0/16"])
    refuse_address(read_target("http://10.99.2.3:8080/", ["10.99.0.0/16"]), ["10.99.0.0/16"])
    refuse_address(read_target(GOOD), ())  # a name is looked up when something is delivered


def test_what_is_public_is_delivered_to_over_tls_alone() -> None:
    for address in ("93.184.215.14", "2606:4700::1111"):
        assert refusal_of(read_target(GOOD), address, ()) == ""
        plain = read_target("http://hooks.example.org:8080/", ["10.0.0.0/8"])
        assert "over TLS" in refusal_of(plain, address, ["10.0.0.0/8"])
    assert refusal_of(plain, "10.1.2.3", ["10.0.0.0/8"]) == ""
    target = read_target(GOOD)
    assert (target.netloc, target.path) == ("hooks.example.org", "/caseforge?room=7")
    assert read_target("https://[2606:4700::1111]:8443").netloc == "[2606:4700::1111]:8443"


def test_secrets_in_addresses_are_not_shown() -> None:
    assert shown_url("https://hooks.example.org/services/T0123456789ABCDEF/x?token=abc") == "https://hooks.example.org/services/…/x?…"


def test_pauses_grow_for_three_days() -> None:
    began = now = datetime(2026, 11, 29, tzinfo=UTC)
    tries, last = 0, timedelta()
    while True:
        tries += 1
        again = next_try(tries, began, now)
        if again is None:
            break
        assert again - now >= last
        last, now = again - now, again
    assert TRIED_FOR - timedelta(hours=6) < now - began <= TRIED_FOR
    assert 15 < tries < 30
