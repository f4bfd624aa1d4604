"""A fixture for tests of reading: a file from bytes, read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from caseforge_assets.frameworks import ReadResult, TableForm, read_framework


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., ReadResult]:
    """Reads bytes as a file of that name, as a person says its form."""

    def read_bytes(
        data: bytes | str, file_name: str = "a.csv", columns: Mapping[str, str] | None = None, hierarchy: str | None = None
    ) -> ReadResult:
        path = tmp_path / file_name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return read_framework(path, form=TableForm(columns or {}, hierarchy))

    return read_bytes
