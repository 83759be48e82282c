using Xunit;

namespace Cresset.Tests.Reference;

public class ReferenceFileTests
{
    static readonly string[] s_dtypes = ["float32", "float64", "int32", "int64", "uint8", "bool"];

    [Fact]
    public void All_files_are_there() => Assert.Equal(
        ["attention", "clipping", "initialization", "layers", "losses", "metrics", "operators", "optimizers", "promotion", "recurrent",
            "schedulers", "trajectories"],
        ReferenceFile.Names);

    [Fact]
    public void Every_tensor_has_as_many_values_as_its_shape_says()
    {
        foreach (var name in ReferenceFile.Names)
        {
            var file = ReferenceFile.Load(name);
            Assert.NotEmpty(file.Cases);
            foreach (var c in file.Cases)
                foreach (var (key, tensor) in c.Inputs.Concat(c.Outputs).Concat(c.GradOutputs).Concat(c.Gradients))
                {
                    var where = $"{name}, {c}, {key}";
                    Assert.True(tensor.Shape.Aggregate(1, (product, d) => product * d) == tensor.Data.Length, where);
                    Assert.True(s_dtypes.Contains(tensor.Dtype), where);
                }
        }
    }

    [Fact]
    public void Every_case_has_either_outputs_or_an_error()
    {
        foreach (var c in ReferenceFile.Names.SelectMany(name => ReferenceFile.Load(name).Cases))
            Assert.True(c.Outputs.Count > 0 == c.Error is null, c.ToString());
    }

    [Fact]
    public void Gradients_have_the_shapes_of_their_inputs_and_weights_those_of_their_outputs()
    {
        // Of batch normalisation a parameter has a gradient for each batch, named with its number.
        foreach (var c in ReferenceFile.Names.SelectMany(name => ReferenceFile.Load(name).Cases))
        {
            Assert.True(c.Gradients.Count > 0 == c.GradOutputs.Count > 0, c.ToString());
            foreach (var (key, gradient) in c.Gradients)
            {
                var input = c.Inputs.TryGetValue(key, out var exact) ? exact : c.Inputs[key[..^1]];
                Assert.Equal(input.Shape, gradient.Shape);
            }
            foreach (var (key, weight) in c.GradOutputs)
                Assert.Equal(c.Outputs[key].Shape, weight.Shape);
        }
    }

    [Fact]
    public void Reads_special_values_and_arguments_of_each_kind()
    {
        var special = ReferenceFile.Load("operators").Case("isnan", "special values").Inputs["input"].Data;
        Assert.Equal([double.NegativeInfinity, -1, 0, 2, double.PositiveInfinity, double.NaN], special);
        var sum = ReferenceFile.Load("operators").Case("sum", "dim [0, 2] kept").Arguments;
        Assert.Equal([0, 2], sum.Ints("dim"));
        Assert.True(sum.Bool("keepdim"));
        var pool = ReferenceFile.Load("layers").Case("AdaptiveAvgPool2d", "rows kept").Arguments;
        Assert.Equal([null, 2], pool.NullableInts("outputSize"));
        var fill = ReferenceFile.Load("operators").Case("masked_fill", "with minus infinity").Arguments;
        Assert.Equal(double.NegativeInfinity, fill.Double("value"));
        Assert.Equal(7, fill.Int("absent", 7));
    }
}
