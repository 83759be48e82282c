using System.Runtime.InteropServices;

namespace Cresset.Kernels.Cpu;

// Scratch memory of the kernels: one growing buffer per thread and purpose, kept for the next call, so that it is hot in the
// cache and no call makes garbage. What is rented is the caller's until the same thread rents for the same purpose again.
static unsafe class Workspace
{
    internal enum Purpose
    {
        Panels,
        OnePanel,
        Patches,
        Partials,
    }

    const int Alignment = 64;

    [ThreadStatic] static Buffer? panels, onePanel, patches, partials;

    internal static T* Rent<T>(Purpose purpose, long count) where T : unmanaged
    {
        ref var buffer = ref panels;
        if (purpose == Purpose.OnePanel) buffer = ref onePanel;
        else if (purpose == Purpose.Patches) buffer = ref patches;
        else if (purpose == Purpose.Partials) buffer = ref partials;
        buffer ??= new Buffer();
        return (T*)buffer.OfLength(checked(count * sizeof(T)));
    }

    sealed class Buffer
    {
        void* pointer;
        long length;

        internal void* OfLength(long bytes)
        {
            if (bytes <= length) return pointer;
            NativeMemory.AlignedFree(pointer);
            pointer = null;
            length = 0;
            // A quarter more, so that slowly growing needs do not allocate each time.
            var more = bytes + bytes / 4;
            pointer = NativeMemory.AlignedAlloc((nuint)more, Alignment);
            length = more;
            return pointer;
        }

        // The memory of a thread that has ended.
        ~Buffer() => NativeMemory.AlignedFree(pointer);
    }
}
