using Cresset.Nn;
using Cresset.Tests.Reference;
using Cresset.Tests.ReferenceBackend;
using Xunit;

namespace Cresset.Tests.Nn;

public class RecurrentReferenceTests
{
    public static TheoryData<string, string, DType> Cases(bool cells)
    {
        var data = new TheoryData<string, string, DType>();
        foreach (var c in ReferenceFile.Load("recurrent").Cases.Where(c => c.Operator != "pack" && c.Operator.EndsWith("Cell", StringComparison.Ordinal) == cells))
            foreach (var dtype in new[] { DType.Float64, DType.Float32 })
                data.Add(c.Operator, c.Name, dtype);
        return data;
    }

    static RnnNonlinearity Nonlinearity(ReferenceArguments a) => a.String("nonlinearity", "tanh") == "relu" ? RnnNonlinearity.ReLU : RnnNonlinearity.Tanh;

    static RecurrentLayer Layer(string kind, ReferenceArguments a)
    {
        int inputs = a.Int("inputSize"), units = a.Int("hiddenSize"), layers = a.Int("numLayers", 1);
        bool bias = a.Bool("bias", true), batchFirst = a.Bool("batchFirst", false), both = a.Bool("bidirectional", false);
        return kind switch
        {
            "RNN" => new Rnn(inputs, units, layers, Nonlinearity(a), bias, batchFirst, bidirectional: both),
            "LSTM" => new Lstm(inputs, units, layers, bias, batchFirst, bidirectional: both),
            _ => new Gru(inputs, units, layers, bias, batchFirst, bidirectional: both),
        };
    }

    static (Tensor Output, Tensor[] States) Forward(Module layer, Tensor x, Tensor[] states)
    {
        if (layer is Lstm lstm)
        {
            var (output, (h, c)) = lstm.Forward(x, states.Length == 0 ? null : (states[0], states[1]));
            return (output, [h, c]);
        }
        var (y, last) = layer is Rnn rnn ? rnn.Forward(x, states.FirstOrDefault()) : ((Gru)layer).Forward(x, states.FirstOrDefault());
        return (y, [last]);
    }

    static (PackedSequence Output, Tensor[] States) Forward(Module layer, PackedSequence x, Tensor[] states)
    {
        if (layer is Lstm lstm)
        {
            var (output, (h, c)) = lstm.Forward(x, states.Length == 0 ? null : (states[0], states[1]));
            return (output, [h, c]);
        }
        var (y, last) = layer is Rnn rnn ? rnn.Forward(x, states.FirstOrDefault()) : ((Gru)layer).Forward(x, states.FirstOrDefault());
        return (y, [last]);
    }

    static Tensor Read(ReferenceCase c, string name, DType dtype)
    {
        var tensor = NnReference.Read(c.Inputs[name], dtype);
        tensor.RequiresGrad = true;
        return tensor;
    }

    static void Check(ReferenceCase c, Module module, DType dtype, Func<Tensor, Tensor[], Dictionary<string, Tensor>> forward)
    {
        module.To(dtype);
        module.LoadStateDict(c.Inputs.Where(input => input.Key.Contains('_', StringComparison.Ordinal)).ToDictionary(input => input.Key, input => NnReference.Read(input.Value, dtype)));
        var x = Read(c, "x", dtype);
        string[] names = [.. c.Inputs.Keys.Where(name => name is "h0" or "c0")];
        var states = Array.ConvertAll(names, name => Read(c, name, dtype));
        var outputs = forward(x, states);
        var tolerance = NnReference.Tolerance(dtype);
        Tensor? sum = null;
        foreach (var (name, expected) in c.Outputs)
        {
            NnReference.AreClose(expected, outputs[name], tolerance, name);
            var part = (outputs[name] * NnReference.Read(c.GradOutputs[name], dtype)).Sum();
            sum = sum is null ? part : sum + part;
        }
        sum!.Backward();
        var gradients = module.NamedParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter.Grad!);
        gradients["x"] = x.Grad!;
        for (var i = 0; i < names.Length; i++) gradients[names[i]] = states[i].Grad!;
        Assert.Equal(c.Gradients.Keys.Order(), gradients.Keys.Order());
        foreach (var (name, expected) in c.Gradients) NnReference.AreClose(expected, gradients[name], tolerance, $"gradient of {name}");
    }

    static void CheckLayer(ReferenceCase c, DType dtype)
    {
        var layer = Layer(c.Operator, c.Arguments);
        // The order of the parameters is that of PyTorch's state dictionary.
        Assert.Equal(c.Inputs.Keys.Where(name => name.Contains('_', StringComparison.Ordinal)), layer.NamedParameters().Select(entry => entry.Name));
        Check(c, layer, dtype, (x, states) =>
        {
            Tensor output;
            Tensor[] last;
            if (c.Arguments.Has("lengths"))
            {
                var lengths = c.Arguments.Ints("lengths");
                (var packed, last) = Forward(layer, PackedSequence.Pack(x, lengths, layer.BatchFirst, enforceSorted: false), states);
                (output, var found) = packed.Pad(layer.BatchFirst);
                Assert.Equal(lengths, found);
            }
            else (output, last) = Forward(layer, x, states);
            var results = new Dictionary<string, Tensor> { ["output"] = output, ["h"] = last[0] };
            if (last.Length > 1) results.Add("c", last[1]);
            return results;
        });
    }

    [Theory]
    [MemberData(nameof(Cases), false)]
    public void Layers_give_PyTorchs_outputs_states_and_gradients(string kind, string name, DType dtype) =>
        CheckLayer(ReferenceFile.Load("recurrent").Case(kind, name), dtype);

    [Theory]
    [InlineData("LSTM")]
    [InlineData("GRU")]
    [InlineData("RNN")]
    public void The_reference_backend_gives_them_too(string kind)
    {
        using var scope = Cresset.Kernels.Backend.Use(NaiveBackend.Instance);
        CheckLayer(ReferenceFile.Load("recurrent").Case(kind, "packed, two layers, bidirectional"), DType.Float64);
    }

    [Theory]
    [MemberData(nameof(Cases), true)]
    public void Cells_give_PyTorchs_states_and_gradients(string kind, string name, DType dtype)
    {
        var c = ReferenceFile.Load("recurrent").Case(kind, name);
        var a = c.Arguments;
        int inputs = a.Int("inputSize"), units = a.Int("hiddenSize");
        var bias = a.Bool("bias", true);
        RecurrentCell cell = kind switch
        {
            "RNNCell" => new RnnCell(inputs, units, bias, Nonlinearity(a)),
            "LSTMCell" => new LstmCell(inputs, units, bias),
            _ => new GruCell(inputs, units, bias),
        };
        Check(c, cell, dtype, (x, states) =>
        {
            if (cell is not LstmCell lstm) return new() { ["h"] = cell is RnnCell rnn ? rnn.Forward(x, states.FirstOrDefault()) : ((GruCell)cell).Forward(x, states.FirstOrDefault()) };
            var (h, memory) = lstm.Forward(x, states.Length == 0 ? null : (states[0], states[1]));
            return new() { ["h"] = h, ["c"] = memory };
        });
    }

    public static TheoryData<string> Packs => [.. ReferenceFile.Load("recurrent").Of("pack").Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Packs))]
    public void Packing_and_padding_are_PyTorchs(string name)
    {
        var c = ReferenceFile.Load("recurrent").Case("pack", name);
        var x = Read(c, "x", DType.Float64);
        int[] lengths = c.Arguments.Ints("lengths");
        var first = c.Arguments.Bool("batchFirst");
        var packed = PackedSequence.Pack(x, lengths, first, enforceSorted: false);
        NnReference.AreClose(c.Outputs["data"], packed.Data, 0, "data");
        Assert.Equal(c.Arguments.Ints("batchSizes"), packed.BatchSizes);
        Assert.Equal(c.Arguments.Ints("sortedIndices"), packed.SortedIndices);
        var (padded, found) = packed.Pad(first, -1.5, 6);
        NnReference.AreClose(c.Outputs["padded"], padded, 0, "padded");
        Assert.Equal(lengths, found);
        ((packed.Data * NnReference.Read(c.GradOutputs["data"])).Sum() + (padded * NnReference.Read(c.GradOutputs["padded"])).Sum()).Backward();
        NnReference.AreClose(c.Gradients["x"], x.Grad!, 1e-12, "gradient of x");
        var sequences = packed.Unpack();
        for (var i = 0; i < lengths.Length; i++)
            Assert.Equal(x.Select(first ? 0 : 1, i).Narrow(0, 0, lengths[i]).ToArray<double>(), sequences[i].ToArray<double>());
    }
}
