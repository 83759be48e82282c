namespace Cresset;

/// <summary>How much memory this thread may take for tensors until this is disposed; made by <see cref="MemoryPool.Limit"/>.</summary>
public sealed class MemoryLimit : IDisposable
{
    [ThreadStatic] static MemoryLimit? innermost;

    readonly MemoryLimit? outer;
    readonly long bytes;
    long taken;

    internal MemoryLimit(long bytes)
    {
        this.bytes = bytes;
        outer = innermost;
        innermost = this;
    }

    /// <summary>To be called before memory is taken; each limit around counts it.</summary>
    internal static void Take(long bytes)
    {
        if (innermost is null) return;
        for (var limit = innermost; limit is not null; limit = limit.outer)
            if (bytes > limit.bytes - limit.taken)
                throw new InsufficientMemoryException($"MemoryPool: a tensor of {bytes} bytes is more than the {limit.bytes - limit.taken} that are left of a limit of {limit.bytes}");
        for (var limit = innermost; limit is not null; limit = limit.outer) limit.taken += bytes;
    }

    /// <summary>Ends the limit, and those that began within it.</summary>
    public void Dispose()
    {
        for (var limit = innermost; limit is not null; limit = limit.outer)
            if (ReferenceEquals(limit, this)) innermost = outer;
    }
}
