"""The evaluation protocols: which queries are asked of a collection, and what counts as relevant.

:mod:`models.protocols.priming` is the paper's own (5.2), :mod:`models.protocols.oov` its
out-of-vocabulary part (5.6). They take anything that scores a vocabulary for queries in local
contexts, so that training, the command line and the service's evaluations share them.
"""
