using System.Numerics;
using System.Runtime.InteropServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Where tensors' memory comes from: blocks of native memory in size classes, lent to storages and taken back
/// when the garbage collector finds a storage unreachable. Nothing is disposed, nothing is finalized, nothing is freed
/// while it can be reached.</summary>
/// <remarks>Each block has one long-lived weak handle whose target is the storage that has rented it. At the boundaries of
/// a training step (<see cref="StepBoundary"/>), when more than a budget is lent out, a collection of the youngest
/// generation finds the dead storages, which are nearly all of those that the step made, and their blocks are lent again
/// while they are still in the cache.</remarks>
public static unsafe class MemoryPool
{
    const int Alignment = 64;
    // About what the second cache of a core holds: blocks that are lent again soon are still there.
    const long SmallestBudget = 2L << 20;
    // What a lent block costs beside its memory (handle, storage, tensor), so that many small ones are collected too.
    const long Overhead = 512;

    static readonly Lock Gate = new();
    static readonly Stack<Block>[] Free = CreateClasses();
    static Block?[] lent = new Block?[1024];
    static int lentCount;
    static long lentBytes, freeBytes;
    // What lived after the last collection of all generations, and how much may be lent before the next one of any kind.
    static long living;
    static long budget = SmallestBudget;
    static int collectionsSeen;

    // For tests: every step boundary collects everything, and what comes back is filled with NaN, so that a use after it shows.
    internal static bool Stress { get; set; }

    sealed class Block(byte* pointer, int sizeClass, long bytes)
    {
        public readonly byte* Pointer = pointer;
        public readonly int SizeClass = sizeClass;
        public readonly long Bytes = bytes;
        // Short weak handles lose their target as soon as it is unreachable.
        public WeakGCHandle<Storage> Borrower = new(null!);
    }

    /// <summary>Bytes of the blocks that tensors hold, with some overhead for each, as far as the last collection knows.</summary>
    public static long BytesLent { get { lock (Gate) return lentBytes; } }

    /// <summary>Bytes of the blocks that wait to be lent again.</summary>
    public static long BytesFree { get { lock (Gate) return freeBytes; } }

    /// <summary>Bounds what one thread takes, where sizes come from a file or a request that nobody vouches for: until the limit is
    /// disposed, tensors that this thread makes may have so many bytes together, whether or not they are dropped meanwhile. Limits may stand
    /// within one another; each holds.</summary>
    /// <param name="bytes">The bytes. A tensor that would pass them ends in an <see cref="InsufficientMemoryException"/> before anything is
    /// taken for it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static MemoryLimit Limit(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return new MemoryLimit(bytes);
    }

    // Four classes to each power of two waste at most a fifth of a block.
    static Stack<Block>[] CreateClasses()
    {
        var classes = new Stack<Block>[4 * 40];
        for (var i = 0; i < classes.Length; i++) classes[i] = new Stack<Block>();
        return classes;
    }

    static int SizeClass(long bytes, out long rounded)
    {
        if (bytes <= 4 * Alignment)
        {
            var count = (int)Math.Max((bytes + Alignment - 1) / Alignment, 1);
            rounded = count * Alignment;
            return count - 1;
        }
        // bytes is in (2^power, 2^(power+1)]; the quarter of that range that holds it rounds it up.
        var power = BitOperations.Log2((ulong)(bytes - 1));
        var quarter = (int)((bytes - 1) >> (power - 2)) & 3;
        rounded = (1L << power) + ((quarter + 1L) << (power - 2));
        return 4 + 4 * (power - 8) + quarter;
    }

    /// <summary>A storage of at least this many bytes, uninitialised.</summary>
    internal static Storage Rent(long bytes, Backend backend)
    {
        MemoryLimit.Take(bytes);
        return RentUnlimited(bytes, backend);
    }

    /// <summary>As <see cref="Rent"/>, beside every <see cref="MemoryLimit"/>: for what no tensor of the user's holds.</summary>
    internal static Storage RentUnlimited(long bytes, Backend backend)
    {
        var sizeClass = SizeClass(bytes, out var rounded);
        lock (Gate)
        {
            var stack = Free[sizeClass];
            if (stack.Count == 0)
            {
                // A collection that happened for another reason may have told of dead storages already.
                var collections = GC.CollectionCount(0);
                if (collections != collectionsSeen && lentBytes > budget - SmallestBudget / 2) TakeBack();
                if (stack.Count == 0 && lentBytes + rounded > budget + SmallestBudget) Collect(0);
            }
            Block block;
            if (stack.TryPop(out var free))
            {
                block = free;
                freeBytes -= block.Bytes;
            }
            else
            {
                block = Allocate(sizeClass, rounded);
            }
            var storage = new Storage(block.Pointer, bytes, backend);
            block.Borrower.SetTarget(storage);
            if (lentCount == lent.Length) Array.Resize(ref lent, 2 * lentCount);
            lent[lentCount++] = block;
            lentBytes += block.Bytes + Overhead;
            return storage;
        }
    }

    static Block Allocate(int sizeClass, long rounded)
    {
        void* pointer;
        try
        {
            pointer = AlignedMemory.Allocate(rounded);
        }
        catch (OutOfMemoryException)
        {
            Collect(GC.MaxGeneration);
            TrimFree();
            pointer = AlignedMemory.Allocate(rounded);
        }
        return new Block((byte*)pointer, sizeClass, rounded);
    }

    /// <summary>Tells the pool that a step of work has ended, so that most of what it made is dead. Called by
    /// <c>Backward</c>, by the optimizers and by the data loader; call it in a long loop of your own that does none of these.</summary>
    public static void StepBoundary()
    {
        if (Volatile.Read(ref lentBytes) <= budget && !Stress) return;
        lock (Gate)
        {
            // As when renting: a collection that happened for another reason may have told already.
            if (GC.CollectionCount(0) != collectionsSeen) TakeBack();
            if (lentBytes > budget || Stress) Collect(1);
        }
    }

    // From this generation on. The oldest follows only where as much has been lent again as lived after its last collection, so that what
    // is dead there costs at most as much memory as what lives, and collecting it a small part of the work.
    static void Collect(int generation)
    {
        do
        {
            GC.Collect(generation, GCCollectionMode.Forced, blocking: true, compacting: false);
            TakeBack();
            if (generation == GC.MaxGeneration) living = lentBytes;
            generation++;
        }
        while (generation <= GC.MaxGeneration && (lentBytes > 2 * living + SmallestBudget || Stress));
        SetBudget();
    }

    static void SetBudget() => budget = lentBytes + Math.Max(SmallestBudget, lentBytes / 2);

    static void TakeBack()
    {
        collectionsSeen = GC.CollectionCount(0);
        var kept = 0;
        for (var i = 0; i < lentCount; i++)
        {
            var block = lent[i]!;
            if (block.Borrower.TryGetTarget(out _))
            {
                lent[kept++] = block;
                continue;
            }
            lentBytes -= block.Bytes + Overhead;
            freeBytes += block.Bytes;
            // All bits set: NaN in both types, -1 in the integers.
            if (Stress) NativeMemory.Fill(block.Pointer, (nuint)block.Bytes, 0xFF);
            Free[block.SizeClass].Push(block);
        }
        Array.Clear(lent, kept, lentCount - kept);
        lentCount = kept;
    }

    /// <summary>Collects what is unreachable and gives the blocks that nobody holds back to the operating system.</summary>
    public static void Trim()
    {
        lock (Gate)
        {
            GC.Collect();
            TakeBack();
            TrimFree();
            living = lentBytes;
            SetBudget();
        }
    }

    static void TrimFree()
    {
        foreach (var stack in Free)
        {
            while (stack.TryPop(out var block))
            {
                block.Borrower.Dispose();
                AlignedMemory.Free(block.Pointer);
                freeBytes -= block.Bytes;
            }
        }
    }
}
