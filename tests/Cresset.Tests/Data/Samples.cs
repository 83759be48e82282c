using Cresset.Data;
using Xunit;

namespace Cresset.Tests.Data;

/// <summary>Sample i is (i, 10 * i) as scalars, made one by one.</summary>
sealed class Numbers(int count, Action<int>? read = null) : Dataset<(Tensor, Tensor)>
{
    public override int Count => count;

    public override (Tensor, Tensor) this[int index]
    {
        get
        {
            read?.Invoke(index);
            return (Tensor.From(index, DType.Float32), Tensor.From(10L * index, DType.Int64));
        }
    }

    /// <summary>The same samples as rows of tensors.</summary>
    public static TensorDataset AsTensors(int count) => new(
        Tensor.From(Enumerable.Range(0, count).Select(i => (float)i).ToArray()),
        Tensor.From(Enumerable.Range(0, count).Select(i => 10L * i).ToArray()));

    /// <summary>The numbers of each batch of an epoch.</summary>
    public static int[][] Read(IEnumerable<(Tensor, Tensor)> loader)
    {
        var batches = new List<int[]>();
        foreach (var (inputs, targets) in loader)
        {
            var numbers = inputs.ToArray<float>().Select(x => (int)x).ToArray();
            Assert.Equal(numbers.Select(i => 10L * i), targets.ToArray<long>());
            batches.Add(numbers);
        }
        return [.. batches];
    }
}
