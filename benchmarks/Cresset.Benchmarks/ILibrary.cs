namespace Cresset.Benchmarks;

/// <summary>A library that is measured.</summary>
interface ILibrary
{
    string Name { get; }

    /// <summary>Makes a work ready to run with so many threads: operands, network and weights, drawn in one fixed order so
    /// that every library gets the same numbers.</summary>
    IRun Prepare(Work work, int threads);
}

/// <summary>A work that is ready to run.</summary>
interface IRun : IDisposable
{
    /// <summary>What is timed.</summary>
    void Step();

    /// <summary>The numbers that a step computes. For training: the network's output, the loss and the gradients of the first
    /// step, then the loss after three steps, which an optimizer that errs would change. Called before any step.</summary>
    IReadOnlyList<Result> Results();
}

sealed record Result(string Name, double[] Values);

/// <summary>The numbers of a work: operands, weights, pictures, labels. The same calls in the same order draw the same.</summary>
sealed class Draw
{
    readonly System.Random random = new(20261);

    public float[] Uniform(int count, double from, double to)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = (float)(from + (to - from) * random.NextDouble());
        return values;
    }

    public float[] Uniform(ReadOnlySpan<int> shape) => Uniform(Count(shape), -1, 1);

    /// <summary>Weights in the range that keeps sums of <paramref name="fanIn"/> products small, as PyTorch's layers start.</summary>
    public float[] Weights(int count, int fanIn) => Uniform(count, -1 / Math.Sqrt(fanIn), 1 / Math.Sqrt(fanIn));

    public long[] Labels(int count)
    {
        var labels = new long[count];
        for (var i = 0; i < count; i++) labels[i] = random.Next(Works.Classes);
        return labels;
    }

    /// <summary>The table of an embedding.</summary>
    public float[] Table(Embedding embedding)
    {
        var values = Uniform(embedding.Tokens * embedding.Width, -0.5, 0.5);
        if (embedding.Padded) values.AsSpan(0, embedding.Width).Clear();
        return values;
    }

    /// <summary>A batch of indices, and what is to be guessed: for each row or for each place, where -100 is what fills up.</summary>
    public (long[] Indices, long[] Targets) Tokens(Batch batch, ReadOnlySpan<int> shape)
    {
        int rows = shape[0], length = shape[1], columns = batch == Batch.Sentences ? shape[2] : 1;
        var indices = new long[Count(shape)];
        var targets = new long[batch == Batch.Names ? rows : rows * length];
        Array.Fill(targets, -100);
        for (var row = 0; row < rows; row++)
        {
            var used = batch == Batch.Text ? length : random.Next(2, length + 1);
            for (var place = row * length; place < row * length + used; place++)
            {
                var token = indices.AsSpan(place * columns, columns);
                token[0] = random.Next(1, batch == Batch.Sentences ? Networks.Words : Networks.Letters);
                for (var letter = random.Next(1, Math.Max(2, columns)); letter > 0 && columns > 1; letter--) token[letter] = random.Next(1, Networks.Letters);
                if (batch != Batch.Names) targets[place] = random.Next(batch == Batch.Text ? Networks.Letters : Works.Classes);
            }
            if (batch == Batch.Names) targets[row] = random.Next(Works.Classes);
        }
        return (indices, targets);
    }

    static int Count(ReadOnlySpan<int> shape)
    {
        var count = 1;
        foreach (var size in shape) count *= size;
        return count;
    }
}
