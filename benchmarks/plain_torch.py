"""MTL-AUG in plain PyTorch without masks, as a baseline for `benchmarks/training.py`.

Layers, sizes and losses are those of `keras_ser.models.MTLAug`, but every frame counts
as speech. PyTorch's LSTM has two biases where Keras has one, so the second one is fixed
at 0.
"""

import torch
from torch import nn
from torch.nn import functional


class PlainMTLAug(nn.Module):
    """From features `(batch, time, bands)` to four heads; time is a multiple of 8."""

    def __init__(self, classes, types, bands, filters, kernels, dropout=0.3):
        super().__init__()
        widths = (1, *filters)
        self.encoder = nn.Sequential(
            *(
                _block(nn.Conv2d, *pair, kernel)
                for pair, kernel in zip(_pairs(widths), kernels, strict=True)
            )
        )
        back = list(zip(_pairs(widths[::-1]), kernels[::-1], strict=True))
        self.decoder = nn.Sequential(
            *(_block(nn.ConvTranspose2d, *pair, kernel) for pair, kernel in back[:-1]),
            _transposed(*back[-1][0], back[-1][1], bias=True),
        )
        features = bands // 8 * filters[-1]
        self.emotion_lstm = _blstm(features, 128)
        self.score = nn.Linear(256, 1, bias=False)
        self.embedding = nn.Linear(256, 128)
        self.emotion = nn.Linear(128, classes)
        self.centers = nn.Parameter(torch.zeros(classes, 128))
        self.augmentation_lstm = _blstm(features, 256)
        self.augmentation = nn.Sequential(
            nn.Linear(512, 128),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(128, 128),
            nn.ReLU(),
            nn.Linear(128, types),
        )

    def forward(self, features):
        code = self.encoder(features[:, None])  # (batch, channels, time, bands)
        sequence = code.permute(0, 2, 3, 1).flatten(2)
        hidden, _ = self.emotion_lstm(sequence)
        weights = torch.softmax(self.score(hidden), dim=1)
        embedding = torch.relu(self.embedding((weights * hidden).sum(dim=1)))
        _, (last, _) = self.augmentation_lstm(sequence)
        return {
            "emotion": self.emotion(embedding),
            "center": 0.5 * (embedding[:, None] - self.centers).square().sum(dim=-1),
            "augmentation": self.augmentation(last.transpose(0, 1).flatten(1)),
            "reconstruction": self.decoder(code)[:, 0],
        }

    def loss(self, features, labels, center=1e-3, auxiliary=0.3):
        """Eq. 3 and 6 of Latif et al. (2022), for rows with weight 1."""
        outputs = self(features)
        emotion = functional.cross_entropy(outputs["emotion"], labels["emotion"])
        distance = (labels["center"] * outputs["center"]).sum(dim=-1).mean()
        kind = functional.cross_entropy(outputs["augmentation"], labels["augmentation"])
        error = functional.mse_loss(outputs["reconstruction"], labels["reconstruction"])
        return emotion + center * distance + auxiliary * (kind + error)

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
