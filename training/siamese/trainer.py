"""Two-stage training of the siamese network: initialise, predict (Eq. 3), then embed (Eq. 5).

The phases are one auto-encoder per layer, stage 1 and stage 2, each a loop of steps. A training reports every
step, writes checkpoints, and can be stopped after any step and resumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.atomic_write import write_atomically
from models.errors import TrainingError
from training.corpus import TagCorpus
from training.fitting.run import CHECKPOINT, Run
from training.siamese.contexts import DocumentContexts
from training.siamese.features import TagFeatures
from training.siamese.losses import SiameseTerms, autoencoder_loss, prediction_loss, siamese_loss
from training.siamese.network import ComponentNetwork
from training.siamese.recipe import SiameseRecipe
from training.siamese.sampling import Examples, ExampleSampler


@dataclass
class Trained:
    """A trained network and its losses.

    Attributes
    ----------
    network
        The network, on the CPU and in evaluation mode.
    losses
        Loss of every step, by phase.
    stopped
        ``(phase, step)`` where training was stopped early, or None.
    """

    network: ComponentNetwork
    losses: dict[str, list[float]] = field(default_factory=dict)
    stopped: tuple[str, int] | None = None


class Trainer:
    """Trains one component network on a corpus; both halves of the siamese pair share its weights.

    Parameters
    ----------
    corpus, features, contexts
        Training documents and their features.
    recipe
        Architecture, steps and losses.
    seed
        Seed of the initial weights and of every random draw.
    device
        ``cpu`` or ``cuda``.
    """

    def __init__(
        self,
        corpus: TagCorpus,
        features: TagFeatures,
        contexts: DocumentContexts,
        recipe: SiameseRecipe,
        seed: int,
        device: str = "cpu",
    ) -> None:
        self.corpus, self.features, self.contexts, self.recipe = corpus, features, contexts, recipe
        self.device = torch.device(device)
        self.rng = np.random.default_rng(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network = ComponentNetwork(
                corpus.n_tags, contexts.features.shape[1], recipe.network.hidden
            ).to(self.device)
            self._decoders = [
                nn.Linear(layer.out_features, layer.in_features).to(self.device)
                for layer in self.network.layers()[:-1]
            ]
        self.sampler = ExampleSampler(corpus)
        self.trained = Trained(self.network)
        loss = recipe.loss
        self._terms = SiameseTerms(
            beta=loss.beta,
            sensitivity=loss.sensitivity,
            rho=loss.rho,
            cross_document=loss.cross_document,
            negative_hinge=loss.negative_hinge,
            contrast=loss.contrast,
            temperature=loss.temperature,
        )

    def train(self, run: Run) -> Trained:
        """Train all phases, or until ``run.stop`` returns True."""
        resumed = self._load(run) if run.resume else None
        for phase, steps, parameters, step_loss, rate, decay in self._phases():
            if resumed and resumed["phase"] != phase:
                continue
            optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
            first = 0
            if resumed:
                optimiser.load_state_dict(resumed["optimiser"])
                first, resumed = resumed["step"], None
            if not self._phase(run, phase, first, steps, optimiser, step_loss, rate):
                break
        self.network.to("cpu").eval()
        return self.trained

    def _phases(self) -> list[tuple[str, int, list[nn.Parameter], Callable[[], Tensor], float, float]]:
        recipe, start = self.recipe, self.recipe.initialisation
        phases = []
        for depth, (layer, decoder) in enumerate(
            zip(self.network.layers()[:-1], self._decoders, strict=True), start=1
        ):
            parameters = [*layer.parameters(), *decoder.parameters()]
            phases.append(
                (
                    f"initialise layer {depth}",
                    start.steps,
                    parameters,
                    self._autoencoder_step(depth),
                    start.learning_rate,
                    0.0,
                )
            )
        every = list(self.network.parameters())
        one, two = recipe.stage1, recipe.stage2
        phases.append(("stage 1", one.steps, every, self._stage1_step, one.learning_rate, one.weight_decay))
        phases.append(("stage 2", two.steps, every, self._stage2_step, two.learning_rate, two.weight_decay))
        return phases

    def _phase(
        self,
        run: Run,
        phase: str,
        first: int,
        steps: int,
        optimiser: torch.optim.Optimizer,
        step_loss: Callable[[], Tensor],
        rate: float,
    ) -> bool:
        """Take the steps of one phase; False if it was stopped."""
        losses = self.trained.losses.setdefault(phase, [])
        for step in range(first, steps):
            if run.stop():
                self.trained.stopped = (phase, step)
                self._save(run, phase, step, optimiser)
                return False
            for group in optimiser.param_groups:
                group["lr"] = 0.5 * rate * (1 + math.cos(math.pi * step / steps))  # cosine to 0
            optimiser.zero_grad()
            loss = step_loss()
            value = loss.item()
            if not math.isfinite(value):
                raise TrainingError(f"the loss of {phase} became {value} at step {step} of {steps}")
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            losses.append(value)
            run.on_step(phase, step + 1, steps, value)
            if (step + 1) % run.checkpoint_every == 0:
                self._save(run, phase, step + 1, optimiser)
        return True

    def _inputs(self, examples: Examples) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the arguments of ComponentNetwork.embed for a batch."""
        distinct, which = np.unique(examples.tags, return_inverse=True)
        drop = self.recipe.augmentation.drop
        if drop:
            contexts = self.contexts.subsets(examples.documents, drop, self.rng)
        else:
            contexts = self.contexts.features[examples.documents]
        return (
            torch.from_numpy(self.features.standardised(distinct)).to(self.device),
            torch.from_numpy(which).to(self.device),
            torch.from_numpy(contexts).to(self.device),
            torch.from_numpy(examples.whose).to(self.device),
        )

    def _targets(self, examples: Examples) -> Tensor:
        """Return +/-1 targets, (n, n_tags): a positive's document, the complement of a negative's."""
        held = self.corpus.matrix[examples.documents].toarray()  # (n_documents, n_tags)
        bags = torch.from_numpy(2.0 * held - 1.0).to(torch.float32)[torch.from_numpy(examples.whose)]
        sign = torch.from_numpy(np.where(examples.positive, 1.0, -1.0)).to(torch.float32)
        return (bags * sign[:, None]).to(self.device)

    def _autoencoder_step(self, depth: int) -> Callable[[], Tensor]:
        layers, decoder = self.network.layers(), self._decoders[depth - 1]
        pairs, sparsity = self.recipe.stage1.pairs, self.recipe.initialisation.sparsity

        def step() -> Tensor:
            examples = self.sampler.pairs(pairs, self.rng)
            tags, which, contexts, whose = self._inputs(examples)
            state = torch.cat([tags[which], contexts[whose]], dim=1)[torch.from_numpy(examples.positive)]
            with torch.no_grad():
                for layer in layers[: depth - 1]:
                    state = torch.tanh(layer(state))
            hidden = torch.tanh(layers[depth - 1](state))
            return autoencoder_loss(torch.tanh(decoder(hidden)), state, hidden, sparsity)

        return step

    def _stage1_step(self) -> Tensor:
        examples = self.sampler.pairs(self.recipe.stage1.pairs, self.rng)
        u = self.network.predict(self.network.embed(*self._inputs(examples)))
        return prediction_loss(u, self._targets(examples), self.recipe.loss.kappa)

    def _stage2_step(self) -> Tensor:
        stage, loss = self.recipe.stage2, self.recipe.loss
        examples = self.sampler.documents(stage.documents, stage.positives, stage.negatives, self.rng)
        inputs = self._inputs(examples)
        embeddings = self.network.embed(*inputs)
        prediction = prediction_loss(self.network.predict(embeddings), self._targets(examples), loss.kappa)
        siamese = siamese_loss(
            embeddings,
            torch.from_numpy(examples.positive).to(self.device),
            inputs[3],
            torch.from_numpy(self.contexts.posterior[examples.documents]).to(self.device),
            self._terms,
        )
        # Eq. 5: both halves of a pair predict, and they share their weights.
        return 2 * prediction + loss.alpha * siamese

    def _save(self, run: Run, phase: str, step: int, optimiser: torch.optim.Optimizer) -> None:
        if run.folder is None:
            return
        state = {
            "phase": phase,
            "step": step,
            "network": self.network.state_dict(),
            "decoders": [decoder.state_dict() for decoder in self._decoders],
            "optimiser": optimiser.state_dict(),
            "rng": self.rng.bit_generator.state,
            "losses": self.trained.losses,
        }
        write_atomically(run.folder / CHECKPOINT, lambda partial: torch.save(state, partial))

    def _load(self, run: Run) -> dict[str, Any] | None:
        if run.folder is None or not (run.folder / CHECKPOINT).is_file():
            return None
        state: dict[str, Any] = torch.load(run.folder / CHECKPOINT, weights_only=True)
        try:
            self.network.load_state_dict(state["network"])
        except RuntimeError:
            raise TrainingError(
                f"the checkpoint in {run.folder} is of another network; remove it, or do not resume"
            ) from None
        for decoder, saved in zip(self._decoders, state["decoders"], strict=True):
            decoder.load_state_dict(saved)
        self.rng.bit_generator.state = state["rng"]
        self.trained.losses = state["losses"]
        return state
