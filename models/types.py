"""Array types by element type; shapes are given in docstrings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.floating]
Int32Array = npt.NDArray[np.int32]
IndexArray = npt.NDArray[np.int64]
NumberArray = npt.NDArray[np.number]
AnyArray = npt.NDArray[Any]

NamedArrays = Mapping[str, AnyArray]
"""Arrays by name, such as the tensors of a bundle."""
