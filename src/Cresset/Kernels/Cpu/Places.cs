using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// Where a vector of a convolution's neighbouring places begins in the padded picture, for the tap at offset 0.
struct PlaceVector
{
    // The first lane's place, and what Load adds to it: the distance to where the row after would have begun (SplitRows) or the pitch
    // (FourRows).
    internal long At, Step;
    // The first lane's place among the results.
    internal long Target;
    // From this lane on the places are of the row after.
    internal long FirstLanes;
}

// How a vector of places is read, where the output's rows stand one behind the other and the padded picture's do not.
interface IPlaces
{
    static abstract unsafe L Load<T, L>(T* at, long step, L mask) where T : unmanaged where L : struct, ILanes<L, T>;
}

// Neighbours in the padded picture.
readonly struct OneRun : IPlaces
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe L Load<T, L>(T* at, long step, L mask) where T : unmanaged where L : struct, ILanes<L, T> => L.Load(at);
}

// A row's end and the beginning of the row after.
readonly struct SplitRows : IPlaces
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe L Load<T, L>(T* at, long step, L mask) where T : unmanaged where L : struct, ILanes<L, T> => L.Select(mask, L.Load(at + step), L.Load(at));
}

// Four rows of a quarter of 512 bits.
readonly struct FourRows : IPlaces
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe L Load<T, L>(T* at, long step, L mask) where T : unmanaged where L : struct, ILanes<L, T> => Unsafe.BitCast<Vector512<T>, L>(Vector512.Create(
        Vector256.Create(Vector128.Load(at), Vector128.Load(at + step)), Vector256.Create(Vector128.Load(at + 2 * step), Vector128.Load(at + 3 * step))));
}

enum PlacesKind
{
    // Rows at the padded picture's pitch: the places between them are computed for nothing.
    Pitch,
    OneRun,
    SplitRows,
    FourRows,
}

// The vectors of `rows` rows of `width` places each, without places between the rows. Where the last vector would reach beyond them it
// begins earlier.
static unsafe class Places<T, L> where T : unmanaged where L : struct, ILanes<L, T>
{
    // Zeros, then ones, so that a mask for any number of lanes is a piece of it.
    static readonly T* Masks = CreateMasks();

    static T* CreateMasks()
    {
        var bytes = (nuint)(L.Count * sizeof(T));
        var masks = (byte*)NativeMemory.Alloc(2 * bytes);
        NativeMemory.Clear(masks, bytes);
        NativeMemory.Fill(masks + bytes, bytes, 0xFF);
        return (T*)masks;
    }

    /// <summary>All bits set in the lanes from this one on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static L From(long lane) => L.Load(Masks + L.Count - lane);

    /// <summary>How vectors over so many rows are read; Pitch where a vector would meet three rows or is longer than them all.</summary>
    internal static PlacesKind Kind(int rows, int width)
    {
        if ((long)rows * width < L.Count) return PlacesKind.Pitch;
        if (width % L.Count == 0) return PlacesKind.OneRun;
        if (4 * width == L.Count && L.Count * sizeof(T) == 64) return PlacesKind.FourRows;
        // A vector begins at any multiple of what the width and the vector have in common, or wherever the last one does.
        for (var start = 0; start < rows * width; start += L.Count)
            if (2 * width - Math.Min(start, rows * width - L.Count) % width < L.Count) return PlacesKind.Pitch;
        return PlacesKind.SplitRows;
    }

    internal static int Count(int places) => (places + L.Count - 1) / L.Count;

    /// <summary>The vectors of more pictures, after those of the first one.</summary>
    internal static void Repeat(PlaceVector* vectors, int each, int pictures, long source, long target)
    {
        for (var v = each; v < pictures * each; v++)
        {
            vectors[v] = vectors[v - each];
            vectors[v].At += source;
            vectors[v].Target += target;
        }
    }

    /// <summary>The vectors of one row, whose last one may reach beyond it.</summary>
    internal static void Plan(int places, PlaceVector* vectors)
    {
        for (var i = 0; i < Count(places); i++) vectors[i] = new PlaceVector { At = (long)i * L.Count, Target = (long)i * L.Count, FirstLanes = L.Count };
    }

    /// <summary>The vectors of rows at a pitch.</summary>
    internal static void Plan(PlacesKind kind, int rows, int width, int pitch, PlaceVector* vectors)
    {
        var places = rows * width;
        for (var i = 0; i < Count(places); i++)
        {
            var start = Math.Min(i * L.Count, places - L.Count);
            int row = start / width, column = start % width, first = Math.Min(width - column, L.Count);
            vectors[i] = new PlaceVector
            {
                At = (long)row * pitch + column,
                Target = start,
                FirstLanes = first,
                Step = kind == PlacesKind.FourRows ? pitch : first == L.Count ? 0 : pitch - width,
            };
        }
    }
}
