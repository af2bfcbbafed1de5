"""Paired t-tests of one method against the others, document by document (the paper's section 5.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import ttest_rel

from training.evaluation.cell import Cell


@dataclass(frozen=True)
class PairedTest:
    """A method against a reference on the same test documents.

    Attributes
    ----------
    method
        The method that the reference is compared with.
    difference
        Mean over documents of the reference's metric minus the method's, in percent.
    p_value
        Two-sided p-value of Student's t-test on paired documents.
    n_documents
        Number of documents in the test.
    """

    method: str
    difference: float
    p_value: float
    n_documents: int


def paired_tests(cells: Mapping[str, Mapping[int, Cell]], reference: str, metric: str) -> list[PairedTest]:
    """Test `reference` against every other method that was measured on the same test documents.

    The sample consists of documents, not of queries, because the queries of a document share their context
    and their relevant tags. Folds on which only one of the two was measured are left out.

    Parameters
    ----------
    cells
        Cells by method, then by fold.
    reference
        The method the others are compared with.
    metric
        Name of the metric by document.
    """
    tests = []
    for method, found in cells.items():
        folds = [fold for fold in found if fold in cells[reference] and found[fold].by_document]
        if method == reference or not folds:
            continue
        ours = np.concatenate([cells[reference][fold].by_document[metric] for fold in folds])
        theirs = np.concatenate([found[fold].by_document[metric] for fold in folds])
        asked = ~np.isnan(ours) & ~np.isnan(theirs)
        difference = ours[asked] - theirs[asked]
        p_value = float(ttest_rel(ours[asked], theirs[asked]).pvalue) if np.ptp(difference) > 0 else 1.0
        tests.append(PairedTest(method, 100 * float(difference.mean()), p_value, int(asked.sum())))
    return tests
