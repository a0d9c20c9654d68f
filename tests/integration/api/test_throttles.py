"""So many requests a minute, and no fewer when the cache is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pagoefectivo.api.v1.throttles import KeyThrottle
from tests.integration.api.conftest import ApiClient, order_like, problem, written

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two reads and one write a minute, in a minute that does not end."""
    monkeypatch.setattr(KeyThrottle, "limits", {"read": 2, "write": 1})
    monkeypatch.setattr("pagoefectivo.api.v1.throttles.time.time", lambda: 1_800_000_015.0)


def test_a_key_beyond_its_share_waits_and_no_other_key_does(
    narrow: None, api: ApiClient, key: Callable[..., ApiClient]
) -> None:
    assert [api.get("orders/").status_code for _ in range(2)] == [200, 200]
    assert api.post("orders/", order_like()).status_code == 201
    before = written()

    for answer in (api.get("orders/"), api.post("orders/", order_like(reference="B"))):
        assert (answer.status_code, problem(answer)["code"], answer["Retry-After"]) == (429, "RATE_LIMITED", "45")
    assert written() == before
    assert key(name="other").get("orders/").status_code == 200


def test_a_cache_that_is_gone_limits_nothing(
    narrow: None, api: ApiClient, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 0.2},
        }
    }

    assert [api.get("orders/").status_code for _ in range(4)] == [200] * 4
    assert "could not be counted" in caplog.text
