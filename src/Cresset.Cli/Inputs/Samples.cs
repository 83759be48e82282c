using System.Security.Cryptography;
using Cresset.Data;

namespace Cresset.Cli.Inputs;

/// <summary>One part of a data set, training or test, as it was loaded.</summary>
abstract record Samples
{
    /// <summary>The names of the classes, by index.</summary>
    public abstract IReadOnlyList<string> Classes { get; }

    /// <summary>How many there are.</summary>
    public abstract int Count { get; }

    /// <summary>What they are called, such as "pictures".</summary>
    public abstract string Noun { get; }

    /// <summary>What a model takes that learns from these.</summary>
    public abstract ModelInput Measure();

    /// <summary>Batches for a model with this input, which is of the same kind, and these classes.</summary>
    /// <param name="input">How they become tensors.</param>
    /// <param name="classes">The model's classes.</param>
    /// <param name="batchSize">Samples in a batch.</param>
    /// <param name="training">How a training part is gone through; null for a test part, in its order.</param>
    /// <exception cref="CommandException">They do not fit the model.</exception>
    public abstract DataLoader<(Tensor, Tensor)> Batches(ModelInput input, IReadOnlyList<string> classes, int batchSize, TrainingOrder? training = null);

    /// <summary>As many as asked for, evenly spread.</summary>
    protected abstract Samples Some(int count);

    /// <summary>So few that they make this many for a model, evenly spread; all where there are no more.</summary>
    public virtual Samples Few(int count) => count < Count ? Some(count) : this;

    /// <summary>A hash of all that a model learns of them, by which a run that goes on tells whether they are still the same.</summary>
    public string Hash()
    {
        using var hash = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
        using (var writer = new BinaryWriter(new BufferedStream(stream)))
        {
            foreach (var name in Classes) writer.Write(name);
            WriteSamples(writer);
        }
        return Convert.ToHexStringLower(hash.Hash!);
    }

    /// <summary>Writes them, whole, in their order.</summary>
    protected abstract void WriteSamples(BinaryWriter writer);

    /// <summary>Holds a share of them out, at least one: what is left, and what was held out.</summary>
    public abstract (Samples Kept, Samples HeldOut) HoldOut(double share);

    /// <summary>As many as asked for, evenly spread; all where null.</summary>
    public Samples Take(int? count, string option, string part)
    {
        if (count is not { } n || n == Count) return this;
        if (n > Count) throw CommandException.Usage($"{option}: the {part} part has {Count} {Noun}, asked for {n}.");
        return Some(n);
    }

    /// <summary>How many a share of them is: at least one, and one less than all.</summary>
    /// <exception cref="CommandException">There are too few.</exception>
    protected int Part(double share) => Count > 1 ? Math.Clamp((int)Math.Round(share * Count), 1, Count - 1)
        : throw new CommandException($"--validation: expected at least two training {Noun}, so that one can be held out, got {Count}.");

    /// <summary>Checks that the classes are the model's.</summary>
    protected void RequireClasses(IReadOnlyList<string> classes)
    {
        if (!Classes.SequenceEqual(classes))
            throw new CommandException($"--data: expected the model's classes ({First(classes)}), got others ({First(Classes)}).");
    }

    static string First(IReadOnlyList<string> classes) =>
        string.Join(", ", classes.Take(10)) + (classes.Count > 10 ? $", ... {classes.Count} in all" : "");
}

/// <summary>A sample as people see it.</summary>
/// <param name="Name">What it is, or where.</param>
/// <param name="Picture">A PNG file; null where the name says all.</param>
/// <param name="Truth">A number to predict as the data writes it; null where there are classes.</param>
sealed record ShownSample(string Name, byte[]? Picture = null, string? Truth = null);

/// <summary>Samples that stand each for itself.</summary>
abstract record SeparateSamples : Samples
{
    // Any will do; the same ones each time.
    const ulong HoldOutSeed = 3;

    /// <summary>Those at these places.</summary>
    public abstract SeparateSamples Pick(int[] places);

    /// <summary>One of what is predicted, in the order of <see cref="Samples.Batches"/> of a test part, for people to look at.</summary>
    public abstract ShownSample Show(long index);

    protected override Samples Some(int count) => Pick([.. Enumerable.Range(0, count).Select(i => (int)((long)i * Count / count))]);

    public override (Samples Kept, Samples HeldOut) HoldOut(double share)
    {
        int part = Part(share);
        var order = new Generator(HoldOutSeed).Permutation(Count);
        return (Pick(order[part..]), Pick(order[..part]));
    }
}

/// <summary>How a training part is gone through.</summary>
/// <param name="Seed">The seed of the order and of random changes.</param>
/// <param name="Workers">Background workers.</param>
/// <param name="Augmentation">Random changes of pictures.</param>
sealed record TrainingOrder(int Seed, int Workers, AugmentationChoice Augmentation);
