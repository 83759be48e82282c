"""Writes text/models.json: parameter counts, outputs and gradients of the text models, by PyTorch in float64.

The modules are written out with PyTorch's layers. See models_common.py for weights and inputs.
"""

import torch
from torch import nn

from models_common import write

torch.set_default_dtype(torch.float64)


class NameClassifier(nn.Module):
    def __init__(self, vocabulary, classes, embedding, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=0)
        self.gru = nn.GRU(embedding, hidden, layers, batch_first=True, bidirectional=True)
        self.output = nn.Linear(2 * hidden, classes)

    def forward(self, x):
        # Zeros at the end are padding.
        lengths = torch.tensor([int(row.nonzero().max()) + 1 for row in x])
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(x), lengths, batch_first=True, enforce_sorted=False)
        _, states = self.gru(packed)
        return self.output(torch.cat([states[-2], states[-1]], 1))


class CharacterRnn(nn.Module):
    def __init__(self, vocabulary, network, embedding, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        setattr(self, network, (nn.GRU if network == "gru" else nn.LSTM)(embedding, hidden, layers, batch_first=True))
        self.network = network
        self.output = nn.Linear(hidden, vocabulary)

    def forward(self, x):
        return self.output(getattr(self, self.network)(self.embedding(x))[0])


def encoder(width, heads, feedforward, layers):
    layer = nn.TransformerEncoderLayer(width, heads, feedforward, 0.0, "gelu", batch_first=True, norm_first=True)
    return nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)


class CharacterTransformer(nn.Module):
    def __init__(self, vocabulary, context, width, heads, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.encoder = encoder(width, heads, 4 * width, layers)
        self.output = nn.Linear(width, vocabulary)

    def forward(self, x):
        steps = x.shape[1]
        later = torch.ones(steps, steps, dtype=torch.bool).triu(1)
        return self.output(self.encoder(self.embedding(x) + self.positions.weight[:steps], later))


class Tagger(nn.Module):
    def __init__(self, words, characters, tags, width, heads, layers):
        super().__init__()
        self.words = nn.Embedding(words, width // 2, padding_idx=0)
        self.characters = nn.Embedding(characters, 32, padding_idx=0)
        self.letters = nn.Conv1d(32, width // 2, 3, padding=1)
        self.encoder = encoder(width, heads, 2 * width, layers)
        self.output = nn.Linear(width, tags)

    def forward(self, x):
        sentences, steps, _ = x.shape
        spelled = self.characters(x[:, :, 1:].flatten(0, 1)).transpose(1, 2)
        features = self.letters(spelled).relu().amax(2).reshape(sentences, steps, -1)
        x, padding = torch.cat([self.words(x[:, :, 0]), features], 2), x[:, :, 0] == 0
        place, column = torch.arange(steps)[:, None], torch.arange(0, x.shape[2], 2)
        angle = place / 10000 ** (column / x.shape[2])
        # The library keeps this table in float32, as the model was made.
        x = x + torch.stack([angle.sin(), angle.cos()], 2).flatten(1).float()
        return self.output(self.encoder(x, src_key_padding_mask=padding))


CASES = [
    ("names", NameClassifier(9, 4, 6, 5, 1), (5, 7), [9]),
    ("names 2 layers", NameClassifier(5, 3, 4, 6, 2), (4, 5), [5]),
    ("character gru", CharacterRnn(11, "gru", 6, 7, 2), (3, 8), [11]),
    ("character lstm", CharacterRnn(8, "lstm", 5, 6, 1), (2, 6), [8]),
    ("character transformer", CharacterTransformer(12, 10, 16, 4, 2), (3, 8), [12]),
    ("tagger", Tagger(7, 10, 5, 16, 2, 2), (4, 6, 7), [7] + 6 * [10]),
]

if __name__ == "__main__":
    write("text", CASES)
