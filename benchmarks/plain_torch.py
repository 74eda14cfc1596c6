"""MTL-AUG in plain PyTorch without masks, to compare the training of Keras with.

Layers, sizes and losses are those of `keras_ser.models.MTLAug`, but every frame counts
as speech. PyTorch's LSTM has two biases where Keras has one, so the second one is fixed
at 0.
"""

import torch
from torch import nn
from torch.nn import functional

RATE = 0.5  # of `layers.ClassCenters`


class PlainMTLAug(nn.Module):
    """From features `(batch, time, bands)` to four heads; time is a multiple of 8.

    The centers follow their classes as those of `ClassCenters` do.

    Args:
        has_auxiliary_heads: Whether to have all heads. Otherwise there is only the
            emotion.
    """

    def __init__(
        self,
        classes,
        types,
        bands,
        filters,
        kernels,
        dropout=0.3,
        has_auxiliary_heads=True,
    ):
        super().__init__()
        self.has_auxiliary_heads = has_auxiliary_heads
        widths = (1, *filters)
        self.encoder = nn.Sequential(
            *(
                _block(nn.Conv2d, *pair, kernel)
                for pair, kernel in zip(_pairs(widths), kernels, strict=True)
            )
        )
        features = bands // 8 * filters[-1]
        self.emotion_lstm = _blstm(features, 128)
        self.score = nn.Linear(256, 1, bias=False)
        self.embedding = nn.Linear(256, 128)
        self.emotion = nn.Linear(128, classes)
        if has_auxiliary_heads:
            self._add_heads(classes, types, features, widths, kernels, dropout)

    def _add_heads(self, classes, types, features, widths, kernels, dropout):
        back = list(zip(_pairs(widths[::-1]), kernels[::-1], strict=True))
        self.decoder = nn.Sequential(
            *(_block(nn.ConvTranspose2d, *pair, kernel) for pair, kernel in back[:-1]),
            _transposed(*back[-1][0], back[-1][1], bias=True),
        )
        self.register_buffer("centers", torch.zeros(classes, 128))
        self.augmentation_lstm = _blstm(features, 256)
        self.augmentation = nn.Sequential(
            nn.Linear(512, 128),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(128, 128),
            nn.ReLU(),
            nn.Linear(128, types),
        )

    def loss(self, features, labels, center=1e-3, auxiliary=0.3):
        """Eq. 3 and 6 of Latif et al. (2022), for rows with weight 1."""
        code = self.encoder(features[:, None])  # (batch, channels, time, bands)
        sequence = code.permute(0, 2, 3, 1).flatten(2)
        embedding = self.embed(sequence)
        logits = self.emotion(embedding)
        emotion = functional.cross_entropy(logits, labels["emotion"])
        if not self.has_auxiliary_heads:
            return emotion
        _, (last, _) = self.augmentation_lstm(sequence)
        logits = self.augmentation(last.transpose(0, 1).flatten(1))
        kind = functional.cross_entropy(logits, labels["augmentation"])
        decoded = self.decoder(code)[:, 0]
        error = functional.mse_loss(decoded, labels["reconstruction"])
        distance = self.center_loss(embedding, labels["center"])
        return emotion + center * distance + auxiliary * (kind + error)

    def embed(self, sequence):
        hidden, _ = self.emotion_lstm(sequence)
        weights = torch.softmax(self.score(hidden), dim=1)
        return torch.relu(self.embedding((weights * hidden).sum(dim=1)))

    def center_loss(self, embedding, labels):
        """Half the squared distance to the own center; then moves the centers."""
        difference = embedding[:, None] - self.centers  # (batch, classes, features)
        distance = 0.5 * difference.square().sum(dim=-1)
        with torch.no_grad():
            pull = torch.einsum("bk,bkf->kf", labels, difference.detach().float())
            self.centers += RATE * pull / (1 + labels.sum(dim=0)[:, None])
        return (labels * distance).sum(dim=-1).mean()

    def count_trained(self) -> int:
        """The number of trained parameters."""
        return sum(each.numel() for each in self.parameters() if each.requires_grad)


def _pairs(widths):
    return list(zip(widths[:-1], widths[1:], strict=True))


def _block(convolution, inputs, outputs, kernel):
    make = _transposed if convolution is nn.ConvTranspose2d else _strided
    return nn.Sequential(
        make(inputs, outputs, kernel), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def _strided(inputs, outputs, kernel, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, 2, kernel // 2, bias=bias)


def _transposed(inputs, outputs, kernel, bias=False):
    return nn.ConvTranspose2d(
        inputs, outputs, kernel, 2, kernel // 2, output_padding=1, bias=bias
    )


def _blstm(features, units):
    layer = nn.LSTM(features, units, bidirectional=True, batch_first=True)
    for name, weight in layer.named_parameters():
        if name.startswith("bias_hh"):
            nn.init.zeros_(weight).requires_grad_(False)
    return layer
