"""The encoder families that a bundle may hold, by the kind its manifest names."""

from __future__ import annotations

from collections.abc import Mapping

from models.encoders.completion import CompletionEncoder
from models.encoders.contract import Encoder
from models.encoders.siamese import SiameseEncoder

FAMILIES: Mapping[str, type[Encoder]] = {
    SiameseEncoder.kind: SiameseEncoder,
    CompletionEncoder.kind: CompletionEncoder,
}
