"""Roles allow what they say, overall and in one framework; sign-ins that fail have to wait."""

from __future__ import annotations

from datetime import timedelta

import pytest

from caseforge_assets.access.roles import Caller, Grant, NotAllowed, Role, grant_from
from caseforge_assets.access.slowing import FREE_OF_A_NAME, LONGEST_FOR_A_NAME, counted_as, pause_after

ALLOWED = {
    Role.reader: {Role.reader},
    Role.editor: {Role.reader, Role.editor},
    Role.planner: {Role.reader, Role.planner},
    Role.admin: set(Role),
}


@pytest.mark.parametrize("held", Role)
def test_a_role_allows_what_it_says_where_it_is_held(held: Role) -> None:
    everywhere, inside = Caller("ada", [Grant(held)]), Caller("ben", [Grant(held, "shop")])
    assert {role for role in Role if everywhere.may(role)} == ALLOWED[held] == {role for role in Role if everywhere.may(role, "any")}
    assert {role for role in Role if inside.may(role, "shop")} == ALLOWED[held]
    assert not any(inside.may(role) or inside.may(role, "other") for role in Role)
    assert (everywhere.seen_frameworks(), inside.seen_frameworks()) == (None, frozenset({"shop"}))
    with pytest.raises(NotAllowed, match="ben may not do this: it needs the role reader in other"):
        inside.demand(Role.reader, "other")


def test_who_has_no_role_may_and_sees_nothing() -> None:
    nobody = Caller("eve", [])
    assert not any(nobody.may(role, "shop") for role in Role)
    assert nobody.seen_frameworks() == frozenset()


def test_roles_are_read_as_they_are_written() -> None:
    for grant in (Grant(Role.admin), Grant(Role.planner, "shop")):
        assert grant_from(str(grant)) == grant
    for text in ("root", "", "planner in ", "Planner", "planner shop"):
        with pytest.raises(ValueError, match="is no role"):
            grant_from(text)


def test_pauses_begin_after_some_failures_grow_and_have_an_end() -> None:
    pauses = [pause_after(count, FREE_OF_A_NAME, LONGEST_FOR_A_NAME).total_seconds() for count in range(12)]
    assert pauses == [0, 0, 0, 0, 0, 5, 10, 20, 40, 60, 60, 60]
    assert pause_after(10**9, FREE_OF_A_NAME, timedelta(days=1)) == timedelta(days=1)


def test_all_addresses_of_one_network_of_ipv6_count_as_one() -> None:
    assert counted_as("2001:db8::1") == counted_as("2001:db8::ffff:1%eth0") == "2001:db8::/64" != counted_as("2001:db8:0:1::1")
    assert (counted_as("192.0.2.7"), counted_as("testclient")) == ("192.0.2.7", "testclient")
