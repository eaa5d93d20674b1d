"""The logarithmic code of a count: a table with one entry per count, in firmware and here.

Counts below 2^m stand for themselves; others keep the m bits behind their leading one, which the
position of that one precedes (m = mantissa bits).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt


@lru_cache(maxsize=16)
def code_table(count_bits: int, mantissa_bits: int) -> npt.NDArray[np.int64]:
    """Return the code of each count, shape (2^count_bits,), rising; read-only."""
    counts = np.arange(1 << count_bits, dtype=np.int64)
    leading = np.frexp(counts.astype(np.float64))[1] - 1  # of 0: -1, but 0 stands for itself
    shift = np.maximum(leading - mantissa_bits, 0)
    behind = (counts >> shift) & ((1 << mantissa_bits) - 1)
    codes = np.where(counts < 1 << mantissa_bits, counts, ((shift + 1) << mantissa_bits) + behind)
    codes.setflags(write=False)
    return codes
