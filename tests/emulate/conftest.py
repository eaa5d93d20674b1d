"""How hard the C compiler tries in tests of the native engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from trigger.emulate.native import compile as native_compile


@pytest.fixture(scope="module")
def lightly_optimised() -> Iterator[None]:
    """Few events run: the compiler's own time counts. Random networks are built as users' are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_compile, "FLAGS", ("-O1", *native_compile.FLAGS[1:]))
        native_compile._ask.cache_clear()
        yield
    native_compile._ask.cache_clear()
