"""MTL-AUG in PyTorch, to compare the training of Keras with.

Layers, sizes and losses are those of `keras_ser.models.MTLAug`. In `PlainMTLAug` every
frame counts as speech. `MaskedMTLAug` knows the lengths of its utterances. PyTorch's
LSTM has two biases where Keras has one, so the second one is fixed at 0.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import rnn

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

    def speed_up(self):
        """Computes the last layer of the decoder as `SubPixel` does."""
        if self.has_auxiliary_heads:
            self.decoder[-1] = SubPixel(self.decoder[-1])
        return self.to(memory_format=torch.channels_last)

    def count_trained(self) -> int:
        """The number of trained parameters."""
        return sum(each.numel() for each in self.parameters() if each.requires_grad)


class MaskedMTLAug(PlainMTLAug):
    """The network for padded batches: masks, and LSTMs on packed sequences.

    The output of a block is 0 in the padding, as that of `layers.ConvBlock` is. The
    moments of batch normalisation are those of PyTorch, which count the padding. This
    is faster than moments of speech alone.
    """

    def loss(self, features, labels, lengths, center=1e-3, auxiliary=0.3):
        """As of `PlainMTLAug`, for utterances with a number of frames each."""
        masks = [_mask(lengths, features)]
        for _ in self.encoder:
            masks.append(masks[-1][:, :, ::2])
        code = features[:, None] * masks[0]
        for block, mask in zip(self.encoder, masks[1:], strict=True):
            code = block(code) * mask
        sequence = code.permute(0, 2, 3, 1).flatten(2)
        steps = (lengths + 7) // 8
        packed = rnn.pack_padded_sequence(
            sequence, steps, batch_first=True, enforce_sorted=False
        )
        hidden, _ = self.emotion_lstm(packed)
        hidden, _ = rnn.pad_packed_sequence(hidden, batch_first=True)
        scores = self.score(hidden).masked_fill(_mask(steps, hidden)[:, 0] == 0, -1e9)
        pooled = (torch.softmax(scores, dim=1) * hidden).sum(dim=1)
        embedding = torch.relu(self.embedding(pooled))
        emotion = functional.cross_entropy(self.emotion(embedding), labels["emotion"])
        _, (last, _) = self.augmentation_lstm(packed)
        logits = self.augmentation(last.transpose(0, 1).flatten(1))
        kind = functional.cross_entropy(logits, labels["augmentation"])
        decoded = code
        for block, mask in zip(self.decoder, masks[-2::-1], strict=True):
            decoded = block(decoded) * mask
        squares = (decoded[:, 0] - features).square().mean(dim=2)  # 0 in the padding
        error = (squares.sum(dim=1) / lengths).mean()
        distance = self.center_loss(embedding, labels["center"])
        return emotion + center * distance + auxiliary * (kind + error)


def _mask(lengths, sequence):
    """`(batch, 1, time, 1)`, 1 in the steps of each sequence."""
    steps = torch.arange(sequence.shape[1])
    return (steps < lengths[:, None]).to(sequence.dtype)[:, None, :, None]


class SubPixel(nn.Module):
    """A transposed convolution with one filter, as `layers.sub_pixel` computes it.

    Args:
        layer: The transposed convolution, with stride 2 and an output padding of 1.
    """

    def __init__(self, layer):
        super().__init__()
        self.weight, self.bias = layer.weight, layer.bias
        width, padding = self.weight.shape[-1], layer.padding[0]
        # Output o gets input i through tap o + padding - 2 i; a block has outputs 0-3.
        inputs = np.arange(-((width - 1 - padding) // 2), (3 + padding) // 2 + 1)
        taps = np.arange(4) + padding - 2 * inputs[:, None]
        taps = np.where((taps >= 0) & (taps < width), taps, width)
        chosen = taps[:, None, :, None] * (width + 1) + taps[None, :, None, :]
        self.register_buffer("chosen", torch.from_numpy(chosen))
        around = int(-inputs[0]), int(inputs[-1] - 1)
        self.around, self.padding = (*around, *around), padding

    def forward(self, inputs):
        output = _SubPixel.apply(
            inputs, self.weight, self.chosen, self.around, self.padding
        )
        return output + self.bias[:, None, None]


class _SubPixel(torch.autograd.Function):
    @staticmethod
    def forward(context, inputs, weight, chosen, around, padding):
        context.save_for_backward(inputs, weight)
        context.padding = padding
        flat = functional.pad(weight[:, 0], (0, 1, 0, 1)).flatten(1)
        count = chosen.shape[0]
        kernel = flat[:, chosen.flatten()].reshape(-1, count, count, 16)
        kernel = kernel.permute(3, 0, 1, 2).contiguous(
            memory_format=torch.channels_last
        )
        blocks = functional.conv2d(functional.pad(inputs, around), kernel, stride=2)
        return functional.pixel_shuffle(blocks, 4)

    @staticmethod
    def backward(context, upstream):
        inputs, weight = context.saved_tensors
        options = {"stride": 2, "padding": context.padding}
        to_inputs = functional.conv2d(upstream, weight, **options)
        to_weight = nn.grad.conv2d_weight(upstream, weight.shape, inputs, **options)
        return to_inputs, to_weight, None, None, None


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
