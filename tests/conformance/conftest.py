"""The suite lives in an imported module; its asserts should still explain themselves."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("pagoefectivo.testing.conformance")
