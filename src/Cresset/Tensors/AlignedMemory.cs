using System.Runtime.InteropServices;

namespace Cresset;

// Memory of the operating system for storages and workspaces. Large blocks ask for large pages, where Linux gives them on
// request (transparent_hugepage = madvise, the default of most distributions): a fresh page costs a fault and each of the
// 4 KB ones a walk through the page tables, which a product over large matrices otherwise waits for.
static unsafe partial class AlignedMemory
{
    const int CacheLine = 64;
    const int LargePage = 2 << 20;
    // MADV_HUGEPAGE of <sys/mman.h>.
    const int AdviseLargePages = 14;

    internal static byte* Allocate(long bytes)
    {
        if (bytes < LargePage || !OperatingSystem.IsLinux()) return (byte*)NativeMemory.AlignedAlloc((nuint)bytes, CacheLine);
        var pointer = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, LargePage);
        // Advice only: where the system does not take it, or its library has another name, pages stay small.
        try { _ = madvise(pointer, (nuint)(bytes & -LargePage), AdviseLargePages); }
        catch (DllNotFoundException) { }
        return pointer;
    }

    internal static void Free(void* pointer) => NativeMemory.AlignedFree(pointer);

    [LibraryImport("libc")]
    private static partial int madvise(void* address, nuint length, int advice);
}
