"""The completion encoder: a contextual two-tower network beside a linear item-item term."""
