using Cresset.Kernels;
using Cresset.Nn;
using Cresset.Optim;
using Xunit;
using static Cresset.Tests.Kernels.KernelData;

namespace Cresset.Tests.Kernels;

// A convolution that finds its weights unchanged reads a packed copy of them; whatever changes them must be seen by the next call. The oracle is
// the same convolution of weights that have just been copied, which nothing is kept for. ConvolutionTests runs each shape three times and
// compares every result with naive loops.
[Collection(nameof(GlobalSettings))]
public class PackedWeightsTests
{
    // By tiles of 2x2 places, by runs of places, by places one after another; with groups.
    public static TheoryData<string, int, int, int, int, int> Forms() => new()
    {
        { "WinogradConvolution", 2, 32, 8, 1, 1 },
        { "Correlation", 2, 8, 16, 2, 1 },
        { "PlacewiseConvolution", 16, 32, 4, 2, 1 },
        { "Correlation", 2, 8, 9, 1, 2 },
    };

    sealed record Convolution(Tensor X, Tensor Weight, int Stride, int Groups)
    {
        internal Tensor Of(Tensor weight)
        {
            using (Cresset.Autograd.NoGrad()) return X.Conv2d(weight, null, stride: Stride, padding: 1, groups: Groups);
        }

        // Often enough for the weights to be kept.
        internal void Warm()
        {
            for (var i = 0; i < 3; i++) Same("warm");
        }

        internal void Same(string after) =>
            Assert.True(Of(Weight.Detach().Clone()).ToArray<float>().AsSpan().SequenceEqual(Of(Weight).ToArray<float>()), after);
    }

    static Convolution Make(int batch, int channels, int size, int stride, int groups)
    {
        var generator = new Generator(11);
        return new(Tensor.Randn([batch, channels, size, size], generator: generator), Tensor.Randn([32, channels / groups, 3, 3], generator: generator), stride, groups);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_change_of_the_weights_is_seen_by_the_next_call(string kernel, int batch, int channels, int size, int stride, int groups)
    {
        var convolution = Make(batch, channels, size, stride, groups);
        var weight = convolution.Weight;
        var changes = new Dictionary<string, Action>
        {
            ["a copy"] = () => weight.CopyInPlace(Tensor.Randn(weight.Shape)),
            ["a sum"] = () => weight.AddInPlace(Tensor.Randn(weight.Shape)),
            ["a product"] = () => weight.MulInPlace(2.5),
            ["random numbers"] = () => weight.UniformInPlace(-1, 1),
            ["a change of a view"] = () => weight.Select(0, 3).FillInPlace(7),
            ["a change of a detached one"] = () => weight.Detach().MulInPlace(-1),
            ["an optimizer's step"] = () =>
            {
                var parameter = weight.Detach();
                parameter.RequiresGrad = true;
                parameter.Grad = Tensor.Ones(parameter.Shape);
                new Sgd([parameter], lr: 0.5).Step();
            },
        };
        foreach (var (name, change) in changes)
        {
            convolution.Warm();
            Assert.StartsWith(kernel, weight.Storage.Packed!.Form.Kernel.Name);
            change();
            for (var i = 0; i < 3; i++) convolution.Same(name);
        }
        // From here on nothing tells of a change.
        var values = weight.AsSpan<float>();
        for (var i = 0; i < 5; i++)
        {
            values[i] += 1;
            convolution.Same("a span");
        }
        var array = new float[weight.ElementCount];
        var wrapped = convolution with { Weight = Tensor.Wrap(array, weight.Shape) };
        for (var i = 0; i < 5; i++)
        {
            array[i] = i;
            wrapped.Same("the array beneath");
        }
        var copy = convolution with { Weight = weight.Clone() };
        copy.Warm();
        var span = copy.Weight.AsTensorSpan<float>();
        for (var i = 0; i < 5; i++)
        {
            span[i, 0, 0, 0] += 1;
            copy.Same("a span with dimensions");
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Parts_of_one_storage_and_other_shapes_of_it_are_told_apart(string kernel, int batch, int channels, int size, int stride, int groups)
    {
        var convolution = Make(batch, channels, size, stride, groups);
        var both = Tensor.Randn([2, 32, channels / groups, 3, 3], generator: new Generator(12));
        for (var i = 0; i < 4; i++)
            for (var half = 0; half < 2; half++)
                (convolution with { Weight = both.Select(0, half) }).Same($"half {half}");
        Assert.StartsWith(kernel, both.Storage.Packed!.Form.Kernel.Name);
        var flat = convolution with { X = convolution.X.Reshape(batch, channels, 1, size * size), Weight = both.Select(0, 0).Reshape(32, channels / groups, 1, 9) };
        for (var i = 0; i < 4; i++) flat.Same("another shape");
    }

    [Fact]
    public void Weights_are_kept_for_calls_that_find_them_unchanged_and_for_no_others()
    {
        var convolution = Make(2, 32, 8, 1, 1);
        var storage = convolution.Weight.Storage;
        _ = convolution.Of(convolution.Weight);
        Assert.Null(storage.Packed);
        _ = convolution.Of(convolution.Weight);
        var kept = storage.Packed;
        Assert.NotNull(kept);
        _ = convolution.Weight.AsReadOnlyTensorSpan<float>();
        _ = convolution.Of(convolution.Weight);
        Assert.Same(kept, storage.Packed);
        convolution.Weight.MulInPlace(2);
        _ = convolution.Of(convolution.Weight);
        Assert.Null(storage.Packed);

        // A step of training finds them changed each time.
        var layer = new Conv2d(32, 32, 3);
        var optimizer = new Sgd(layer.Parameters(), lr: 0.1);
        for (var i = 0; i < 4; i++)
        {
            optimizer.ZeroGrad();
            layer.Forward(convolution.X).Sum().Backward();
            Assert.Null(layer.Weight.Storage.Packed);
            optimizer.Step();
        }
    }

    [Fact]
    public async Task Threads_that_infer_at_once_read_the_same()
    {
        var convolution = Make(2, 32, 8, 1, 1);
        var expected = convolution.Of(convolution.Weight.Clone()).ToArray<float>();
        for (var round = 0; round < 20; round++)
        {
            var fresh = convolution with { Weight = convolution.Weight.Clone() };
            using var start = new Barrier(4);
            var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            {
                start.SignalAndWait();
                var last = fresh.Of(fresh.Weight);
                for (var i = 0; i < 5; i++) last = fresh.Of(fresh.Weight);
                return last.ToArray<float>();
            })));
            Assert.All(results, result => Assert.Equal(expected, result));
        }
    }

    [Fact]
    public void What_is_kept_lives_as_long_as_its_weights_and_no_longer()
    {
        MemoryPool.Stress = true;
        try
        {
            var convolution = Make(2, 32, 8, 1, 1);
            convolution.Warm();
            MemoryPool.StepBoundary();
            for (var i = 0; i < 3; i++) convolution.Same("the boundary");
            // 32 kernels of 32 channels, 16 numbers each.
            const long bytes = 32 * 32 * 16 * sizeof(float);
            MemoryPool.StepBoundary();
            var before = MemoryPool.BytesLent;
            convolution.Weight.MulInPlace(2);
            convolution.Same("a change");
            MemoryPool.StepBoundary();
            Assert.InRange(before - MemoryPool.BytesLent, bytes, 2 * bytes);
        }
        finally { MemoryPool.Stress = false; }
    }

    [Fact]
    public void A_limit_of_memory_does_not_count_what_is_kept()
    {
        var convolution = Make(2, 32, 8, 1, 1);
        _ = convolution.Of(convolution.Weight);
        // Room for the result alone.
        using (MemoryPool.Limit(2 * 32 * 8 * 8 * sizeof(float))) _ = convolution.Of(convolution.Weight);
        Assert.NotNull(convolution.Weight.Storage.Packed);
    }
}
