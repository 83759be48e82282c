using Cresset.Nn;

namespace Cresset.Data;

/// <summary>A network for the rows of a table: embeddings of the categories beside the numbers, then linear layers with ReLU and dropout.
/// After Guo and Berkhahn (2016), "Entity Embeddings of Categorical Variables".</summary>
public sealed class TableNetwork : Module
{
    // Vectors of half as many numbers as there are values, up to this.
    const int LargestEmbedding = 50;

    readonly ModuleList embeddings;
    readonly Sequential layers;
    readonly int numbers;

    /// <summary>A network for the rows of an encoding.</summary>
    /// <param name="encoding">How rows become inputs.</param>
    /// <param name="hidden">The units of each hidden layer; 128 and 64 unless given. With none the model is linear: logistic or linear
    /// regression.</param>
    /// <param name="dropout">Dropped after each hidden layer in training.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or dropout no probability.</exception>
    public TableNetwork(TableEncoding encoding, IReadOnlyList<int>? hidden = null, double dropout = 0.1)
    {
        ArgumentNullException.ThrowIfNull(encoding);
        numbers = encoding.NumberCount;
        embeddings = new ModuleList([.. encoding.EmbeddedSizes.Select(size => new Embedding(size, Math.Min(LargestEmbedding, (size + 1) / 2)))]);
        var width = numbers + encoding.EmbeddedSizes.Sum(size => Math.Min(LargestEmbedding, (size + 1) / 2));
        var stack = new List<Module>();
        foreach (var units in hidden ?? [128, 64])
        {
            stack.AddRange([new Linear(width, units), new ReLU(), new Dropout(dropout)]);
            width = units;
        }
        stack.Add(new Linear(width, encoding.Outputs));
        layers = new Sequential([.. stack]);
    }

    /// <summary>Logits [N, C], or numbers [N, 1], of inputs [N, W] as <see cref="TableEncoding.Encode"/> gives them.</summary>
    /// <exception cref="ArgumentException">The inputs are not [N, W].</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 2 || x.Size(1) != numbers + embeddings.Count)
            throw new ArgumentException($"TableNetwork: expected inputs [N, {numbers + embeddings.Count}] as TableEncoding.Encode gives them, got {x.Shape}");
        if (embeddings.Count == 0) return Observe(layers.Forward(x));
        var parts = new Tensor[1 + embeddings.Count];
        parts[0] = x.Narrow(1, 0, numbers);
        for (var i = 0; i < embeddings.Count; i++) parts[i + 1] = embeddings[i].Forward(x.Select(1, numbers + i).To(DType.Int64));
        return Observe(layers.Forward(Tensor.Cat(parts, 1)));
    }
}
