"""The evaluation protocols: which queries a collection gives, and what counts as relevant.

:mod:`models.protocols.priming` is the paper's protocol (section 5.2), :mod:`models.protocols.oov` its
out-of-vocabulary part (section 5.6), and :mod:`models.protocols.completion` hides a part of each document's
tags. Each measures any method that scores a vocabulary for queries in local contexts; training, the command
line and the service's evaluations share them.
"""
