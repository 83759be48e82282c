using Cresset.Nn;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Nn;

public class AttentionReferenceTests
{
    static readonly string[] Inputs = ["query", "key", "value", "x", "memory"], Masks = ["key_padding_mask", "attn_mask", "mask", "memory_mask", "memory_key_padding_mask"];

    public static TheoryData<string, string, DType> Cases()
    {
        var data = new TheoryData<string, string, DType>();
        foreach (var c in ReferenceFile.Load("attention").Cases)
            foreach (var dtype in new[] { DType.Float64, DType.Float32 })
                data.Add(c.Operator, c.Name, dtype);
        return data;
    }

    static Module Make(ReferenceCase c)
    {
        var a = c.Arguments;
        bool batchFirst = a.Bool("batchFirst", false), normFirst = a.Bool("normFirst", false);
        var activation = a.String("activation", "relu") == "gelu" ? TransformerActivation.GELU : TransformerActivation.ReLU;
        return c.Operator switch
        {
            "MultiheadAttention" => new MultiheadAttention(a.Int("embedDim"), a.Int("numHeads"), bias: a.Bool("bias", true),
                kdim: a.Has("kdim") ? a.Int("kdim") : null, vdim: a.Has("vdim") ? a.Int("vdim") : null, batchFirst: batchFirst),
            "TransformerEncoderLayer" => new TransformerEncoderLayer(a.Int("dModel"), a.Int("nhead"), a.Int("dimFeedforward"), a.Double("dropout"), activation, batchFirst: batchFirst, normFirst: normFirst),
            "TransformerDecoderLayer" => new TransformerDecoderLayer(a.Int("dModel"), a.Int("nhead"), a.Int("dimFeedforward"), a.Double("dropout"), activation, batchFirst: batchFirst, normFirst: normFirst),
            "StackEncoder" => new TransformerEncoder(() => new TransformerEncoderLayer(4, 2, 6, 0, batchFirst: true, normFirst: true), 2, new LayerNorm(4)),
            "StackDecoder" => new TransformerDecoder(() => new TransformerDecoderLayer(4, 2, 6, 0, batchFirst: true, normFirst: true), 2, new LayerNorm(4)),
            _ => throw new InvalidOperationException($"no layer {c.Operator}"),
        };
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Outputs_weights_and_gradients_are_PyTorchs(string layer, string name, DType dtype)
    {
        var c = ReferenceFile.Load("attention").Case(layer, name);
        var module = Make(c);
        module.To(dtype);
        module.LoadStateDict(c.Inputs.Where(input => !Inputs.Contains(input.Key) && !Masks.Contains(input.Key)).ToDictionary(input => input.Key, input => NnReference.Read(input.Value, dtype)));
        var given = c.Inputs.Where(input => Inputs.Contains(input.Key)).ToDictionary(input => input.Key, input => NnReference.Read(input.Value, dtype));
        foreach (var input in given.Values) input.RequiresGrad = true;
        Tensor? Mask(string mask) => !c.Inputs.TryGetValue(mask, out var values) ? null : values.Dtype == "bool" ? NnReference.Read(values).To(DType.Bool) : NnReference.Read(values, dtype);
        Dictionary<string, Tensor> outputs = [];
        switch (module)
        {
            case MultiheadAttention attention:
                var query = given["query"];
                var key = given.GetValueOrDefault("key", query);
                var (output, weights) = attention.Forward(query, key, given.GetValueOrDefault("value", key), Mask("key_padding_mask"), Mask("attn_mask"),
                    needWeights: c.Outputs.ContainsKey("weights"), averageWeights: name != "batch first, heads apart");
                outputs.Add("output", output);
                if (weights is not null) outputs.Add("weights", weights);
                break;
            case TransformerEncoderLayer encoder: outputs.Add("output", encoder.Forward(given["x"], Mask("mask"), Mask("key_padding_mask"))); break;
            case TransformerEncoder encoder: outputs.Add("output", encoder.Forward(given["x"], Mask("mask"), Mask("key_padding_mask"))); break;
            case TransformerDecoder decoder: outputs.Add("output", decoder.Forward(given["x"], given["memory"], Mask("mask"), Mask("memory_mask"), Mask("key_padding_mask"), Mask("memory_key_padding_mask"))); break;
            default: outputs.Add("output", ((TransformerDecoderLayer)module).Forward(given["x"], given["memory"], Mask("mask"), Mask("memory_mask"), Mask("key_padding_mask"), Mask("memory_key_padding_mask"))); break;
        }
        var tolerance = NnReference.Tolerance(dtype);
        Assert.Equal(c.Outputs.Keys.Order(), outputs.Keys.Order());
        foreach (var (key, expected) in c.Outputs) NnReference.AreClose(expected, outputs[key], tolerance, key);
        outputs.Select(entry => (entry.Value * NnReference.Read(c.GradOutputs[entry.Key], dtype)).Sum()).Aggregate((a, b) => a + b).Backward();
        foreach (var (key, expected) in c.Gradients)
            NnReference.AreClose(expected, (given.TryGetValue(key, out var input) ? input : module.NamedParameters().Single(p => p.Name == key).Parameter).Grad!, tolerance, $"gradient of {key}");
        // Nothing that learns was left out.
        Assert.Equal(module.NamedParameters().Count() + given.Count, c.Gradients.Count);
    }
}
