using System.Runtime.InteropServices;

namespace Cresset.Kernels.Cpu;

// Scratch memory of the kernels: one growing buffer per thread and purpose, kept for the next call, so that it is hot in the
// cache and no call makes garbage. What is rented is the caller's until the same thread rents for the same purpose again.
static unsafe class Workspace
{
    internal enum Purpose
    {
        Panels,
        OwnPanels,
        Patches,
        Partials,
        Weights,
        Offsets,
        Phases,
        Places,
        Sums,
        Scores,
        States,
    }

    const int Purposes = (int)Purpose.States + 1;

    [ThreadStatic] static Buffer[]? buffers;

    internal static T* Rent<T>(Purpose purpose, long count) where T : unmanaged
    {
        buffers ??= CreateBuffers();
        return (T*)buffers[(int)purpose].OfLength(checked(count * sizeof(T)));
    }

    static Buffer[] CreateBuffers()
    {
        var created = new Buffer[Purposes];
        for (var i = 0; i < created.Length; i++) created[i] = new Buffer();
        return created;
    }

    sealed class Buffer
    {
        void* pointer;
        long length;

        internal void* OfLength(long bytes)
        {
            if (bytes <= length) return pointer;
            AlignedMemory.Free(pointer);
            pointer = null;
            length = 0;
            // A quarter more, so that slowly growing needs do not allocate each time.
            var more = bytes + bytes / 4;
            pointer = AlignedMemory.Allocate(more);
            length = more;
            return pointer;
        }

        // The memory of a thread that has ended.
        ~Buffer() => AlignedMemory.Free(pointer);
    }
}
