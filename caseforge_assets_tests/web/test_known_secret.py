"""All services of a database have one secret: another one is refused with words, until a person says that it is meant."""

from __future__ import annotations

import pytest
from standardwebhooks import Webhook

from caseforge_assets.commands.providing.compare_secret import find_known_secret, take_secret
from caseforge_assets.settings import ConfigurationError
from caseforge_assets.settings.service_secret import VARIABLE
from caseforge_assets_tests.older_schema import take_back
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.hooks import added, allowing, delivered, told
from caseforge_assets_tests.web.receiver import Receiver

FIRST, SECOND = "first-" * 8, "second-" * 8


def test_a_second_secret_is_refused_until_it_is_taken_and_then_the_first_one_signs_nothing_more(serve: Serve, receiver: Receiver) -> None:
    first = allowing(serve(variables={VARIABLE: FIRST}))
    hook = added(first, receiver.url)
    second = allowing(serve(first.bench, variables={VARIABLE: SECOND}))
    with pytest.raises(ConfigurationError, match=f"{VARIABLE} holds another secret than .* take-secret"):
        assert second.service.secret
    told(first, "plan 1")
    assert delivered(first) == 1

    told(first, "plan 2")
    take_secret(second.bench.store, second.service.settings, by="anna")
    assert first.bench.column("select actor from caseforge.audit_entry where action = 'secret.taken'") == ["anna"]
    with pytest.raises(ConfigurationError, match="another secret"):
        delivered(first)
    assert delivered(second) == 1
    (before, body), (after, again) = receiver.got
    assert Webhook(hook["secret"]).verify(body, before)["subject"] == "plan 1"
    with pytest.raises(Exception, match="signature"):
        Webhook(hook["secret"]).verify(again, after)
    kept = first.bench.column("select known_secret::text from caseforge.known_secret")
    assert not [row for row in kept if "first" in row or "second" in row]


def test_on_the_schema_before_nothing_is_known_and_nothing_refused(serve: Serve) -> None:
    served = serve(variables={VARIABLE: FIRST})
    store = served.bench.store
    take_back(store, "0040")
    find_known_secret(store, served.service.settings)
    find_known_secret(store, serve(served.bench, variables={VARIABLE: SECOND}).service.settings)
