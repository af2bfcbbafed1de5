"""The linear term of one query: weighted rows of B over its local context, and what stands in for them.

Conventions
-----------
A query has a weight for each tag of its local context, and for itself if it is an unseen tag with usage;
without an attention nothing is known of it and its term is zero. Where one tag is all that is known, its
cooccurrence shares take the place of its row of B; an unseen tag without context has the shares of its own
documents instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.encoders.contract import Query
from models.encoders.cooccurrence_share import CooccurrenceShare
from models.encoders.linear_term import LinearTerm
from models.encoders.query_tower import Attention
from models.features import Usage
from models.types import Float32Array

UNSEEN_PRIOR_WEIGHT, UNSEEN_PRIOR_DOCUMENTS = 1.5, 5.0
"""Without context: weight of the shares of an unseen tag's documents against rows of B, and the number of
documents without any tag that smooths them, so that one or two documents weigh little."""


def known_usage(query: Query) -> Usage | None:
    """Return the usage of an unseen query tag that has any."""
    tag = query.tag
    if isinstance(tag, Usage) and tag.n_documents > 0 and len(tag.indices):
        return tag
    return None


@dataclass(frozen=True)
class QueryLinearTerm:
    """What B and the cooccurrence shares add to a query's scores.

    Attributes
    ----------
    linear
        B.
    cooccurrence
        Shares for queries without context; None where rows of B are used for these too.
    candidate_weights : array of shape (n_tags,), float32
        Weight of the term in each candidate's score.
    attended_share
        Part of the context's weights that follows the attention, in [0, 1].
    """

    linear: LinearTerm
    cooccurrence: CooccurrenceShare | None
    candidate_weights: Float32Array
    attended_share: np.float32

    def scores(self, query: Query, attention: Attention | None) -> Float32Array:
        """Return the term as it enters the scores, shape (n_tags,)."""
        if attention is None:
            return np.zeros(len(self.candidate_weights), dtype=np.float32)
        context, usage = query.local_context, known_usage(query)
        if not len(context) and usage is not None:
            return np.asarray(self.candidate_weights * self._unseen_prior(usage), dtype=np.float32)
        weights = self.weights(query, attention)
        shares = self._lone_shares(query)
        if shares is not None:
            return np.asarray(weights[0] * shares, dtype=np.float32)
        if usage is None:
            term = self.linear.combine(context, weights)
        else:
            term = self.linear.score_unseen(usage, context, weights[:-1], float(weights[-1]))
        return np.asarray(self.candidate_weights * term, dtype=np.float32)

    def parts(self, query: Query, attention: Attention | None) -> Float32Array:
        """Return each tag's part of the term, a row a tag; see `Encoder.added_parts`.

        A tag that is all that is known of a query has one row, its cooccurrence shares.
        """
        context, usage = query.local_context, known_usage(query)
        if attention is None:
            return np.zeros((0, len(self.candidate_weights)), dtype=np.float32)
        if not len(context):
            return self.scores(query, attention)[None, :]
        weights = self.weights(query, attention)
        shares = self._lone_shares(query)
        if shares is not None:
            return np.asarray(weights[:1, None] * shares[None, :], dtype=np.float32)
        each = [(context[i : i + 1], weights[i : i + 1]) for i in range(len(context))]
        if usage is None:
            rows = [self.linear.combine(*one) for one in each]
        else:
            update = self.linear.updated(usage)
            rows = [update.rows(self.linear, *one) for one in each] + [weights[-1] * update.own_row()]
        return np.asarray(np.stack(rows) * self.candidate_weights, dtype=np.float32)

    def weights(self, query: Query, attention: Attention | None) -> Float32Array:
        """Return the weight of each tag of the local context, an unseen query's own at the end."""
        if attention is None:
            return np.zeros(0, dtype=np.float32)
        plain = np.ones(len(attention.tokens), dtype=np.float32)
        if isinstance(query.tag, Usage):
            plain[len(query.local_context) :] = query.focus
        else:
            plain[query.local_context == query.tag] = query.focus
        attended = attention.weights.mean(axis=0) * np.float32(len(attention.tokens))
        return np.asarray(
            (1 - self.attended_share) * plain + self.attended_share * attended, dtype=np.float32
        )

    def _lone_shares(self, query: Query) -> Float32Array | None:
        """Return the cooccurrence shares of a query of which one tag is known; None where more is known."""
        if self.cooccurrence is None or len(query.local_context) != 1 or known_usage(query) is not None:
            return None
        return self.cooccurrence.row(int(query.local_context[0]))

    def _unseen_prior(self, usage: Usage) -> Float32Array:
        """Return the term of an unseen tag without context: shares of its documents, shrunk.

        Its row of the updated B is made to be added to other rows; alone, and the more so with few
        documents, the plain share of its documents that hold a tag ranks better.
        """
        row = np.zeros(len(self.candidate_weights), dtype=np.float32)
        weight = np.float32(UNSEEN_PRIOR_WEIGHT / (usage.n_documents + UNSEEN_PRIOR_DOCUMENTS))
        row[usage.indices] = weight * usage.counts
        return row
