using TorchSharp;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Cresset.Benchmarks;

// The layers that LibTorch has no module for, or one with other weights. Fields stand in the order of Cresset's parameters, which is
// that of the draws and of the gradients that are compared.
partial class LibTorchLibrary
{
    static TorchSharp.Modules.Linear LinearLayer(int from, int to, Draw draw)
    {
        var linear = torch.nn.Linear(from, to);
        Set(linear.weight, draw.Weights(to * from, from));
        Set(linear.bias!, draw.Weights(to, from));
        return linear;
    }

    static TorchSharp.Modules.Conv1d Conv1dLayer(int from, int to, int kernel, int padding, Draw draw)
    {
        var conv = torch.nn.Conv1d(from, to, kernel, padding: padding);
        Set(conv.weight, draw.Weights(to * from * kernel, from * kernel));
        Set(conv.bias!, draw.Weights(to, from * kernel));
        return conv;
    }

    static TorchSharp.Modules.LayerNorm NormLayer(int width, Draw draw)
    {
        var norm = torch.nn.LayerNorm(width);
        Set(norm.weight!, draw.Uniform(width, 0.5, 1.5));
        Set(norm.bias!, draw.Uniform(width, -0.5, 0.5));
        return norm;
    }

    static TorchSharp.Modules.Embedding EmbeddingLayer(Embedding layer, Draw draw)
    {
        var embedding = torch.nn.Embedding(layer.Tokens, layer.Width, padding_idx: layer.Padded ? 0 : null);
        Set(embedding.weight!, draw.Table(layer));
        return embedding;
    }

    sealed class RecurrentModule : Module
    {
        readonly TorchSharp.Modules.RNN? rnn;
        readonly TorchSharp.Modules.LSTM? lstm;
        readonly TorchSharp.Modules.GRU? gru;
        readonly bool eachStep;

        public RecurrentModule(Recurrent layer, Draw draw) : base(nameof(RecurrentModule))
        {
            eachStep = layer.EachStep;
            if (layer.Unit == Unit.Plain) rnn = torch.nn.RNN(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional);
            else if (layer.Unit == Unit.Memory) lstm = torch.nn.LSTM(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional);
            else gru = torch.nn.GRU(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional);
            RegisterComponents();
            foreach (var (parameter, size) in parameters().Zip(layer.ParameterSizes)) Set(parameter, draw.Weights(size, layer.Hidden));
        }

        public override torch.Tensor forward(torch.Tensor x)
        {
            var outputs = rnn is not null ? rnn.call(x).Item1 : lstm is not null ? lstm.call(x).Item1 : gru!.call(x).Item1;
            return eachStep ? outputs : outputs.select(1, -1);
        }
    }

    sealed class CellModule : Module
    {
        readonly TorchSharp.Modules.RNNCell? rnn;
        readonly TorchSharp.Modules.LSTMCell? lstm;
        readonly TorchSharp.Modules.GRUCell? gru;
        readonly long hidden;

        public CellModule(StepByStep layer, Draw draw) : base(nameof(CellModule))
        {
            hidden = layer.Hidden;
            if (layer.Unit == Unit.Plain) rnn = torch.nn.RNNCell(layer.In, layer.Hidden);
            else if (layer.Unit == Unit.Memory) lstm = torch.nn.LSTMCell(layer.In, layer.Hidden);
            else gru = torch.nn.GRUCell(layer.In, layer.Hidden);
            RegisterComponents();
            foreach (var (parameter, size) in parameters().Zip(new Recurrent(layer.Unit, layer.In, layer.Hidden).ParameterSizes)) Set(parameter, draw.Weights(size, layer.Hidden));
        }

        public override torch.Tensor forward(torch.Tensor x)
        {
            torch.Tensor? state = null;
            (torch.Tensor, torch.Tensor)? both = null;
            for (var step = 0L; step < x.shape[1]; step++)
            {
                var input = x.select(1, step);
                // Given none, TorchSharp's LSTM cell begins with a state of no rows.
                if (lstm is not null) both = lstm.call(input, both ?? (torch.zeros([x.shape[0], hidden], x.dtype), torch.zeros([x.shape[0], hidden], x.dtype)));
                else state = rnn is not null ? rnn.call(input, state!) : gru!.call(input, state!);
            }
            return state ?? both!.Value.Item1;
        }
    }

    sealed class NamesModule : Module
    {
        readonly TorchSharp.Modules.Embedding letters;
        readonly TorchSharp.Modules.GRU gru;

        public NamesModule(PackedNames layer, Draw draw) : base(nameof(NamesModule))
        {
            letters = EmbeddingLayer(layer.Letters, draw);
            gru = torch.nn.GRU(layer.Network.In, layer.Network.Hidden, layer.Network.Layers, batchFirst: true, bidirectional: layer.Network.Bidirectional);
            foreach (var (parameter, size) in gru.parameters().Zip(layer.Network.ParameterSizes)) Set(parameter, draw.Weights(size, layer.Network.Hidden));
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor x)
        {
            using var packed = torch.nn.utils.rnn.pack_padded_sequence(letters.call(x), x.ne(0).sum(1), batch_first: true, enforce_sorted: false);
            var (outputs, states) = gru.call(packed);
            outputs.Dispose();
            return torch.cat([states.select(0, -2), states.select(0, -1)], 1);
        }
    }

    sealed class PositionsModule : Module
    {
        readonly TorchSharp.Modules.Parameter weight;

        public PositionsModule(LearnedPositions layer, Draw draw) : base(nameof(PositionsModule))
        {
            weight = new(torch.tensor(draw.Uniform(layer.Places * layer.Width, -0.5, 0.5), [layer.Places, layer.Width]));
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor x) => x + weight.narrow(0, 0, x.shape[1]);
    }

    sealed class PatchesModule : Module
    {
        readonly TorchSharp.Modules.Parameter token;
        readonly TorchSharp.Modules.Conv2d conv;
        readonly PositionsModule positions;

        public PatchesModule(Patches layer, Draw draw) : base(nameof(PatchesModule))
        {
            var fanIn = layer.Channels * layer.Patch * layer.Patch;
            token = new(torch.tensor(draw.Uniform(layer.Width, -0.5, 0.5), [1, 1, layer.Width]));
            conv = torch.nn.Conv2d(layer.Channels, layer.Width, layer.Patch, layer.Patch);
            Set(conv.weight, draw.Weights(layer.Width * fanIn, fanIn));
            Set(conv.bias!, draw.Weights(layer.Width, fanIn));
            positions = new PositionsModule(new LearnedPositions(layer.Places, layer.Width), draw);
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor x)
        {
            var patches = conv.call(x).flatten(2).transpose(1, 2);
            return positions.call(torch.cat([token.expand(x.shape[0], 1, -1), patches], 1));
        }
    }

    // Of functions, for TorchSharp's layer cannot normalise first; attention is LibTorch's fused kernel.
    sealed class TransformerModule : Module
    {
        readonly TorchSharp.Modules.Linear input, output, linear1, linear2;
        readonly TorchSharp.Modules.LayerNorm norm1, norm2;
        readonly TransformerLayer layer;

        public TransformerModule(TransformerLayer layer, Draw draw) : base(nameof(TransformerModule))
        {
            this.layer = layer;
            input = LinearLayer(layer.Width, 3 * layer.Width, draw);
            output = LinearLayer(layer.Width, layer.Width, draw);
            linear1 = LinearLayer(layer.Width, layer.Feedforward, draw);
            linear2 = LinearLayer(layer.Feedforward, layer.Width, draw);
            norm1 = NormLayer(layer.Width, draw);
            norm2 = NormLayer(layer.Width, draw);
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor x) => Forward(x, null);

        /// <param name="allowed">[N, 1, 1, T], false for the keys that nobody sees.</param>
        public torch.Tensor Forward(torch.Tensor x, torch.Tensor? allowed)
        {
            var parts = Heads(input.call(norm1.call(x)), 3, layer.Heads);
            x = x + output.call(Joined(torch.nn.functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], allowed, 0, layer.Causal)));
            var inner = linear1.call(norm2.call(x));
            return x + linear2.call(layer.Gelu ? torch.nn.functional.gelu(inner) : inner.relu());
        }
    }

    // [N, T, count D] to count tensors [N, heads, T, D / heads], and back.
    static torch.Tensor Heads(torch.Tensor x, int count, int heads) => x.reshape(x.shape[0], x.shape[1], count, heads, x.shape[2] / count / heads).permute(2, 0, 3, 1, 4);

    static torch.Tensor Joined(torch.Tensor x) => x.transpose(1, 2).reshape(x.shape[0], x.shape[2], x.shape[1] * x.shape[3]);

    sealed class EncoderAndDecoderModule : Module
    {
        readonly TransformerModule encoder;
        readonly TorchSharp.Modules.Linear input, output, crossInput, crossOutput, linear1, linear2;
        readonly TorchSharp.Modules.LayerNorm norm1, norm2, norm3;
        readonly int width, heads;

        public EncoderAndDecoderModule(EncoderAndDecoder layer, Draw draw) : base(nameof(EncoderAndDecoderModule))
        {
            (width, heads) = (layer.Width, layer.Heads);
            encoder = new TransformerModule(new TransformerLayer(width, heads, layer.Feedforward), draw);
            input = LinearLayer(width, 3 * width, draw);
            output = LinearLayer(width, width, draw);
            crossInput = LinearLayer(width, 3 * width, draw);
            crossOutput = LinearLayer(width, width, draw);
            linear1 = LinearLayer(width, layer.Feedforward, draw);
            linear2 = LinearLayer(layer.Feedforward, width, draw);
            norm1 = NormLayer(width, draw);
            norm2 = NormLayer(width, draw);
            norm3 = NormLayer(width, draw);
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor x)
        {
            var memory = encoder.call(x);
            var parts = Heads(input.call(norm1.call(x)), 3, heads);
            x = x + output.call(Joined(torch.nn.functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], null, 0, true)));
            torch.Tensor weight = crossInput.weight, bias = crossInput.bias!;
            var query = Heads(torch.nn.functional.linear(norm2.call(x), weight.narrow(0, 0, width), bias.narrow(0, 0, width)), 1, heads);
            var others = Heads(torch.nn.functional.linear(memory, weight.narrow(0, width, 2 * width), bias.narrow(0, width, 2 * width)), 2, heads);
            x = x + crossOutput.call(Joined(torch.nn.functional.scaled_dot_product_attention(query[0], others[0], others[1])));
            return x + linear2.call(linear1.call(norm3.call(x)).relu());
        }
    }

    sealed class RotaryModule : Module
    {
        readonly TorchSharp.Modules.Linear input, output;
        readonly torch.Tensor cosines, sines;
        readonly int heads;

        public RotaryModule(RotaryAttention layer, Draw draw) : base(nameof(RotaryModule))
        {
            const int places = 256;
            heads = layer.Heads;
            var width = layer.Width / heads;
            input = LinearLayer(layer.Width, 3 * layer.Width, draw);
            output = LinearLayer(layer.Width, layer.Width, draw);
            double Angle(int place, int column) => place / Math.Pow(10000, 2.0 * (column % (width / 2)) / width);
            cosines = Table(places, width, (place, column) => Math.Cos(Angle(place, column)));
            sines = Table(places, width, (place, column) => Math.Sin(Angle(place, column)));
            RegisterComponents();
        }

        torch.Tensor Turned(torch.Tensor x)
        {
            long half = x.shape[3] / 2, steps = x.shape[2];
            var turned = torch.cat([-x.narrow(3, half, half), x.narrow(3, 0, half)], 3);
            return x * cosines.narrow(0, 0, steps) + turned * sines.narrow(0, 0, steps);
        }

        public override torch.Tensor forward(torch.Tensor x)
        {
            var parts = Heads(input.call(x), 3, heads);
            return output.call(Joined(torch.nn.functional.scaled_dot_product_attention(Turned(parts[0]), Turned(parts[1]), parts[2])));
        }
    }

    // In float64 where the module is moved there: RegisterComponents makes a buffer of it.
    static torch.Tensor Table(int rows, int columns, Func<int, int, double> value) =>
        torch.tensor([.. Enumerable.Range(0, rows * columns).Select(i => value(i / columns, i % columns))], [rows, columns], torch.float64).to(torch.float32);

    sealed class TaggedWordsModule : Module
    {
        readonly TorchSharp.Modules.Embedding words, letters;
        readonly TorchSharp.Modules.Conv1d spelling;
        readonly TorchSharp.Modules.ModuleList<TransformerModule> encoder;
        readonly TorchSharp.Modules.LayerNorm norm;
        readonly torch.Tensor positions;

        public TaggedWordsModule(TaggedWords layer, Draw draw) : base(nameof(TaggedWordsModule))
        {
            words = EmbeddingLayer(layer.Words, draw);
            letters = EmbeddingLayer(layer.Letters, draw);
            spelling = Conv1dLayer(layer.Letters.Width, layer.Width / 2, 3, 1, draw);
            encoder = torch.nn.ModuleList([.. Enumerable.Range(0, layer.Layers).Select(_ => new TransformerModule(new TransformerLayer(layer.Width, layer.Heads, 2 * layer.Width, Gelu: true), draw))]);
            norm = NormLayer(layer.Width, draw);
            positions = Table(256, layer.Width, (place, column) =>
            {
                var angle = place / Math.Pow(10000, (double)(column - column % 2) / layer.Width);
                return column % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle);
            });
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor x)
        {
            long sentences = x.shape[0], steps = x.shape[1], wordLength = x.shape[2] - 1;
            var index = x.select(2, 0);
            var spelled = letters.call(x.narrow(2, 1, wordLength).reshape(sentences * steps, wordLength));
            var features = spelling.call(spelled.transpose(1, 2)).relu().amax([2]).reshape(sentences, steps, -1);
            var vectors = torch.cat([words.call(index), features], 2) + positions.narrow(0, 0, steps);
            var allowed = index.ne(0).reshape(sentences, 1, 1, steps);
            foreach (var layer in encoder) vectors = layer.Forward(vectors, allowed);
            return norm.call(vectors);
        }
    }

    sealed class FirstStepModule() : Module(nameof(FirstStepModule))
    {
        public override torch.Tensor forward(torch.Tensor x) => x.select(1, 0);
    }

    sealed class StepMeanModule() : Module(nameof(StepMeanModule))
    {
        public override torch.Tensor forward(torch.Tensor x) => x.mean([1]);
    }

    sealed class ResidualModule : Module
    {
        readonly Module main;
        readonly Module? shortcut;

        public ResidualModule(Module main, Module? shortcut) : base(nameof(ResidualModule))
        {
            this.main = main;
            this.shortcut = shortcut;
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor x) => (main.forward(x) + (shortcut is null ? x : shortcut.forward(x))).relu();
    }

    sealed class SubsampleModule(long zeros) : Module(nameof(SubsampleModule))
    {
        public override torch.Tensor forward(torch.Tensor x)
        {
            var second = torch.TensorIndex.Slice(step: 2);
            return torch.nn.functional.pad(x[torch.TensorIndex.Ellipsis, second, second], [0, 0, 0, 0, zeros, zeros]);
        }
    }

    sealed class BranchesModule : Module
    {
        readonly Module[] branches;

        public BranchesModule(Module[] branches) : base(nameof(BranchesModule))
        {
            this.branches = branches;
            for (var i = 0; i < branches.Length; i++) register_module($"branch{i}", branches[i]);
        }

        public override torch.Tensor forward(torch.Tensor x) => torch.cat(Array.ConvertAll(branches, branch => branch.forward(x)), 1);
    }
}
