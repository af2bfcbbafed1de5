"""The losses against plain loops over the paper's equations."""

import math

import numpy as np
import pytest
import torch

from training.siamese.losses import (
    SiameseTerms,
    autoencoder_loss,
    context_divergence,
    prediction_loss,
    siamese_loss,
)


@pytest.mark.parametrize("kappa", ["corrected", "printed"])
def test_prediction_loss_is_equation_3(kappa: str) -> None:
    generator = torch.Generator().manual_seed(0)
    u = torch.randn(4, 6, generator=generator, dtype=torch.float64)
    target = torch.sign(torch.randn(4, 6, generator=generator, dtype=torch.float64))
    total = 0.0
    for k in range(4):
        share = sum(target[k, j].item() > 0 for j in range(6)) / 6
        weight = 1 - share if kappa == "corrected" else share
        for j in range(6):
            y, y_hat = target[k, j].item(), math.tanh(u[k, j].item())
            total += weight * (1 + y) * math.log(1 + y_hat) + (1 - weight) * (1 - y) * math.log(1 - y_hat)
    expected = -total / (2 * 4 * 6)
    assert prediction_loss(u, target, kappa).item() == pytest.approx(expected)  # type: ignore[arg-type]


def test_prediction_loss_survives_logits_where_tanh_is_one() -> None:
    u = torch.tensor([[80.0, -80.0]], requires_grad=True)
    loss = prediction_loss(u, torch.tensor([[-1.0, 1.0]]))
    loss.backward()
    assert math.isfinite(loss.item())
    assert u.grad is not None
    assert torch.isfinite(u.grad).all()


def test_context_divergence_is_symmetric_zero_on_itself_and_as_printed() -> None:
    p = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], dtype=torch.float64)
    expected = sum((a - b) * math.log(a / b) for a, b in zip(p[0].tolist(), p[1].tolist(), strict=True))
    divergence = context_divergence(p)
    assert divergence[0, 1].item() == pytest.approx(expected)
    torch.testing.assert_close(divergence, divergence.T)
    assert divergence.diagonal().abs().max().item() < 1e-12


@pytest.mark.parametrize(("hinge", "contrast"), [(None, 0.0), (1.41, 0.0), (1.41, 0.7)])
def test_siamese_loss_is_equation_4_over_all_pairs(hinge: float | None, contrast: float) -> None:
    rng = np.random.default_rng(1)
    embeddings = torch.from_numpy(rng.uniform(-1, 1, size=(7, 3)))
    positive = torch.tensor([True, True, False, True, False, False, True])
    document = torch.tensor([0, 0, 0, 1, 1, 1, 1])
    posterior = torch.from_numpy(rng.dirichlet(np.ones(4), size=2))
    terms = SiameseTerms(3.0, 0.5, 0.1, 0.2, hinge, contrast, 0.3)

    def distance(i: int, j: int) -> float:
        return math.sqrt(((embeddings[i] - embeddings[j]) ** 2).sum().item() + 1e-6)

    same, cross, pulls = [], [], []
    for i in range(7):
        for j in range(7):
            if i == j:
                continue
            p, q = posterior[document[i]].tolist(), posterior[document[j]].tolist()
            kl = sum((a - b) * math.log(a / b) for a, b in zip(p, q, strict=True))
            closeness, e = math.exp(-0.25 * kl), distance(i, j)
            if positive[i] and positive[j]:
                value = (e - 3 * (1 - closeness)) ** 2
            elif not positive[i] and not positive[j]:
                trend = 0.1 * (e - 3 * (1 - closeness)) ** 2
                value = trend if hinge is None else max(hinge * 3 - e, 0) ** 2 * closeness
            else:
                value = (e - 3) ** 2 * closeness
            (same if document[i] == document[j] else cross).append(value)
            if positive[i] and positive[j] and document[i] == document[j]:
                negatives = [n for n in range(7) if document[n] == document[i] and not positive[n]]
                near = math.exp(-e / 0.3)
                pulls.append(
                    -math.log(near / (near + sum(math.exp(-distance(i, n) / 0.3) for n in negatives)))
                )
    expected = np.mean(same) + 0.2 * np.mean(cross) + contrast * np.mean(pulls)
    assert siamese_loss(embeddings, positive, document, posterior, terms).item() == pytest.approx(expected)


def test_two_examples_at_one_point_have_a_finite_gradient() -> None:
    embeddings = torch.zeros(3, 2, requires_grad=True)
    loss = siamese_loss(
        embeddings,
        torch.tensor([True, True, False]),
        torch.zeros(3, dtype=torch.int64),
        torch.tensor([[0.5, 0.5]]),
        SiameseTerms(3.0, 0.5, 0.1, contrast=1.0),
    )
    loss.backward()
    assert embeddings.grad is not None
    assert torch.isfinite(embeddings.grad).all()


def test_autoencoder_loss_is_error_plus_sparsity() -> None:
    x, r, h = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 0.0]]), torch.tensor([[0.5, -0.5]])
    assert autoencoder_loss(r, x, h, 2.0).item() == pytest.approx(5 + 2 * 0.5)
