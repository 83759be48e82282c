namespace Cresset.Kernels.Cpu;

// What a packing depends on besides the weights' values: the kernel with its element type and vectors, where the weights begin, their shape.
readonly record struct PackedForm(Type Kernel, nint Weights, int OutChannels, int Channels, int Height, int Width, int Groups)
{
    internal static unsafe PackedForm Of<TKernel>(void* weights, in ConvolutionShape s) where TKernel : struct =>
        new(typeof(TKernel), (nint)weights, s.OutChannels, s.Channels, s.KernelHeight, s.KernelWidth, s.Groups);
}

// A storage's weights, packed, as they were at a version of it.
sealed class PackedCopy(PackedForm form, int version, Storage memory)
{
    internal readonly PackedForm Form = form;
    internal readonly int Version = version;
    internal readonly Storage Memory = memory;
}

// Where a kernel packs its weights: into the thread's workspace; or, from the second call on that finds them unchanged, into memory that stays
// with their storage, so that a network that only infers packs them once. A storage has one such copy, of the first form that asks, until its
// version changes. None where changes may go unnoticed.
unsafe readonly struct PackedWeights<T> where T : unmanaged
{
    readonly PackedForm form;
    readonly int version;
    readonly Storage? storage, memory;

    PackedWeights(T* pointer, bool isPacked)
    {
        Pointer = pointer;
        IsPacked = isPacked;
    }

    PackedWeights(in PackedForm form, int version, Storage? storage, Storage memory, bool isPacked) : this((T*)memory.Pointer, isPacked)
    {
        this.form = form;
        this.version = version;
        this.storage = storage;
        this.memory = memory;
    }

    /// <summary>The packed weights, or their place.</summary>
    internal T* Pointer { get; }

    /// <summary>Whether they are there already.</summary>
    internal bool IsPacked { get; }

    /// <summary>Room for so many elements of a form, kept with the weights' storage, if one is given.</summary>
    internal static PackedWeights<T> Of(Storage? storage, in PackedForm form, long length)
    {
        if (storage is { SharesMemory: false })
        {
            var version = storage.Version;
            if (Volatile.Read(ref storage.Packed) is { } copy && copy.Version == version)
            {
                if (copy.Form == form) return new(form, version, null, copy.Memory, isPacked: true);
            }
            else if (storage.PackedVersion == version)
            {
                return new(form, version, storage, MemoryPool.RentUnlimited(length * sizeof(T), storage.Backend), isPacked: false);
            }
            else
            {
                storage.Packed = null;
                storage.PackedVersion = version;
            }
        }
        return new(Workspace.Rent<T>(Workspace.Purpose.Weights, length), isPacked: false);
    }

    /// <summary>To be called once they are packed.</summary>
    internal void Keep()
    {
        // Several threads may have packed at once; one copy is as good as another.
        if (storage is not null) Volatile.Write(ref storage.Packed, new PackedCopy(form, version, memory!));
    }

    /// <summary>To be called after the last use: another thread may have replaced the copy meanwhile.</summary>
    internal void KeepAlive() => GC.KeepAlive(memory);
}
