"""The encoder families that a bundle may hold, by the kind its manifest names."""

from __future__ import annotations

from collections.abc import Mapping

from models.completion_encoder import CompletionEncoder
from models.encoders import Encoder, SiameseEncoder

FAMILIES: Mapping[str, type[Encoder]] = {
    SiameseEncoder.kind: SiameseEncoder,
    CompletionEncoder.kind: CompletionEncoder,
}
