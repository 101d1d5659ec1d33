"""The encoder in training: a T5 encoder in the CodeT5 mould, its heads, and the objective they learn together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import T5Config, T5EncoderModel

from aicodelint.detection.tokenizer import EOS, MASK, PAD
from aicodelint.rules import FAMILIES
from aicodelint.training.encoder_data import HUMAN

IGNORE = -100


@dataclass(frozen=True)
class EncoderSize:
    """The shape of an encoder; the rest follows CodeT5 (relu, 32 buckets of relative positions up to a distance of 128)."""

    layers: int = 4
    width: int = 256
    feed_forward: int = 768
    heads: int = 4
    head_width: int = 64

    def config(self, vocabulary: int) -> T5Config:
        """Return the transformers configuration. No dropout: masked tokens regularise at a fraction of its cost on a CPU."""
        return T5Config(
            vocab_size=vocabulary,
            d_model=self.width,
            d_kv=self.head_width,
            d_ff=self.feed_forward,
            num_layers=self.layers,
            num_heads=self.heads,
            dropout_rate=0.0,
            feed_forward_proj="relu",
            is_encoder_decoder=False,
            use_cache=False,
            pad_token_id=PAD,
            eos_token_id=EOS,
        )


@dataclass(frozen=True)
class Targets:
    """What the rows of a batch are, each of shape (batch,): AI or human (0 or 1), wild or not, family index, and how much to trust the label."""

    is_ai: torch.Tensor
    is_wild: torch.Tensor
    family: torch.Tensor
    trust: torch.Tensor


class DetectorModel(nn.Module):  # type: ignore[misc]
    """Encoder, mean over tokens, linear heads (AI or human over all rows; over wild rows; wild or not; family), and masked-token prediction."""

    def __init__(self, config: T5Config, embeddings: np.ndarray | None = None) -> None:
        super().__init__()
        self.encoder = T5EncoderModel(config)
        if embeddings is not None:
            self.encoder.get_input_embeddings().weight.data.copy_(torch.from_numpy(embeddings))
        self.ai = nn.Linear(config.d_model, 3)
        self.family = nn.Linear(config.d_model, len(FAMILIES))
        self.fill = nn.Linear(config.d_model, config.d_model)

    def hidden(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the states of every token, shape (batch, length, width)."""
        states: torch.Tensor = self.encoder(input_ids=ids, attention_mask=(ids != PAD).long()).last_hidden_state
        return states

    @staticmethod
    def pooled(states: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Return the mean over tokens that are not padding, shape (batch, width)."""
        present = (ids != PAD).unsqueeze(-1).to(states.dtype)
        return (states * present).sum(1) / present.sum(1).clamp(min=1)

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return embeddings (batch, width), the three AI logits (batch, 3) and family logits (batch, families)."""
        embedding = self.pooled(self.hidden(ids), ids)
        return embedding, self.ai(embedding), self.family(embedding)

    def fill_loss(self, states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of the hidden tokens alone; ``wanted`` (batch, length) holds IGNORE elsewhere."""
        positions = wanted != IGNORE
        table = self.encoder.get_input_embeddings().weight
        logits = self.fill(states[positions]) @ table.T * table.shape[1] ** -0.5
        return functional.cross_entropy(logits.float(), wanted[positions])


def mask_tokens(ids: torch.Tensor, share: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ``ids`` with about ``share`` of the tokens masked, and what stood there (IGNORE elsewhere)."""
    chosen = (torch.rand(ids.shape, generator=generator) < share) & (ids.cpu() != PAD)
    chosen = chosen.to(ids.device)
    return ids.masked_fill(chosen, MASK), torch.where(chosen, ids, torch.full_like(ids, IGNORE))


def task_loss(ai: torch.Tensor, family: torch.Tensor, targets: Targets, family_weights: torch.Tensor, smoothing: float = 0.05) -> torch.Tensor:
    """The sum of the heads' losses.

    ``ai`` (batch, 3) are the logits of AI over all rows, AI over wild rows, and wild; ``family`` (batch, families). Authors outside the
    families pull the family head towards the uniform distribution: they teach it to abstain.
    """
    soft = targets.is_ai * (1 - 2 * smoothing) + smoothing
    overall = functional.binary_cross_entropy_with_logits(ai[:, 0], soft, weight=targets.trust)
    wild = functional.binary_cross_entropy_with_logits(ai[:, 1], soft, weight=targets.trust * targets.is_wild)
    domain = functional.binary_cross_entropy_with_logits(ai[:, 2], targets.is_wild)
    written = targets.family != HUMAN
    known = targets.family >= 0
    uniform = torch.full_like(family, 1 / family.shape[1])
    one_hot = functional.one_hot(targets.family.clamp(min=0), family.shape[1]).to(family.dtype)
    wanted = torch.where(known.unsqueeze(1), one_hot * 0.9 + 0.1 * uniform, uniform)
    weight = torch.where(known, family_weights[targets.family.clamp(min=0)], torch.full_like(targets.trust, 0.5)) * written * targets.trust
    named = (-(wanted * functional.log_softmax(family, dim=1)).sum(1) * weight).sum() / weight.sum().clamp(min=1)
    return overall + wild + 0.1 * domain + 0.25 * named
