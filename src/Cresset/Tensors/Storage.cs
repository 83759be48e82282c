using System.Runtime.InteropServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>A block of memory that one or more tensors look at through their layouts. It comes from
/// <see cref="MemoryPool"/> and goes back by itself when nothing can reach it; or it wraps an array of the user's, or a part of a
/// file.</summary>
public sealed unsafe class Storage
{
    // What holds the memory in place for as long as this storage lives, such as an array that was wrapped; null for memory of the pool.
    readonly object? owner;
    int version;

    // A kernel's copy of weights, and the last version that weights were packed at: see PackedWeights.
    internal Kernels.Cpu.PackedCopy? Packed;
    internal int PackedVersion = -1;

    internal Storage(byte* pointer, long byteLength, Backend backend)
    {
        Pointer = pointer;
        ByteLength = byteLength;
        Backend = backend;
    }

    /// <summary>Memory that is not the pool's.</summary>
    /// <param name="pointer">The first byte.</param>
    /// <param name="byteLength">The size in bytes.</param>
    /// <param name="backend">Whose kernels work on it.</param>
    /// <param name="owner">Keeps the memory valid as long as it can be reached.</param>
    internal Storage(byte* pointer, long byteLength, Backend backend, object owner) : this(pointer, byteLength, backend)
    {
        this.owner = owner;
    }

    /// <summary>The backend whose memory this is and whose kernels work on it.</summary>
    public Backend Backend { get; }

    /// <summary>The size in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>True where the memory is an array of the user's or a mapped file, not the pool's.</summary>
    public bool IsWrapped => owner is not null;

    /// <summary>The first byte. Valid while this object is reachable: a kernel ends with <c>GC.KeepAlive</c> of every
    /// storage that it took a pointer from.</summary>
    public byte* Pointer { get; }

    /// <summary>True once the memory may change without <see cref="MarkChanged"/>: it is an array of the user's, or was handed out as a span.</summary>
    internal bool SharesMemory { get; set; }

    /// <summary>Counts the changes in place: a value saved for backward is valid only at the version it was saved at.</summary>
    public int Version => version;

    /// <summary>Counts the changes in place that became part of a graph: a view made before one no longer knows its history.</summary>
    internal int GraphVersion { get; set; }

    /// <summary>To be called by whatever changes the memory in place.</summary>
    public void MarkChanged() => version++;

    /// <summary>The memory of an array, shared, not copied.</summary>
    internal static Storage Wrap<T>(T[] array, Backend backend) where T : unmanaged
    {
        var pinned = new PinnedArray(array);
        return new((byte*)pinned.Address, (long)array.Length * sizeof(T), backend, pinned) { SharesMemory = true };
    }

    sealed class PinnedArray(Array array)
    {
        GCHandle handle = GCHandle.Alloc(array, GCHandleType.Pinned);

        public nint Address => handle.AddrOfPinnedObject();

        // Only arrays that the user handed over, and mapped files, have a finalizer.
        ~PinnedArray() => handle.Free();
    }
}
