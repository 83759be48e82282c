using System.Runtime.InteropServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>A block of memory that one or more tensors look at through their layouts. It comes from
/// <see cref="MemoryPool"/> and goes back by itself when nothing can reach it; or it wraps an array of the user's.</summary>
public sealed unsafe class Storage
{
    // The array that was wrapped, held in place for as long as this storage lives; null for memory of the pool.
    readonly PinnedArray? wrapped;
    int version;

    internal Storage(byte* pointer, long byteLength, Backend backend)
    {
        Pointer = pointer;
        ByteLength = byteLength;
        Backend = backend;
    }

    internal Storage(PinnedArray array, long byteLength, Backend backend) : this((byte*)array.Address, byteLength, backend)
    {
        wrapped = array;
    }

    /// <summary>The backend whose memory this is and whose kernels work on it.</summary>
    public Backend Backend { get; }

    /// <summary>The size in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>True where the memory is an array of the user's, not the pool's.</summary>
    public bool IsWrapped => wrapped is not null;

    /// <summary>The first byte. Valid while this object is reachable: a kernel ends with <c>GC.KeepAlive</c> of every
    /// storage that it took a pointer from.</summary>
    public byte* Pointer { get; }

    /// <summary>Counts the changes in place: a value saved for backward is valid only at the version it was saved at.</summary>
    public int Version => version;

    /// <summary>Counts the changes in place that became part of a graph: a view made before one no longer knows its history.</summary>
    internal int GraphVersion { get; set; }

    /// <summary>To be called by whatever changes the memory in place.</summary>
    public void MarkChanged() => version++;

    /// <summary>The memory of an array, shared, not copied.</summary>
    internal static Storage Wrap<T>(T[] array, Backend backend) where T : unmanaged =>
        new(new PinnedArray(array), (long)array.Length * sizeof(T), backend);

    internal sealed class PinnedArray(Array array)
    {
        GCHandle handle = GCHandle.Alloc(array, GCHandleType.Pinned);

        public nint Address => handle.AddrOfPinnedObject();

        // The one finalizer of the library: only arrays that the user handed over have it.
        ~PinnedArray() => handle.Free();
    }
}
