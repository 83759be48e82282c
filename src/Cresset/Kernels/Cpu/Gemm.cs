using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// The innermost piece of a matrix product: a small block of C, whole, from packed panels of A and B.
unsafe interface IMicrokernel<T> where T : unmanaged
{
    static abstract int Rows { get; }
    static abstract int Columns { get; }

    // How many rows it computes where so many are wanted of a panel that is not full.
    static abstract int RowsFor(int wanted);

    // As aRow: a is a packed panel, Rows values for each k.
    const long PackedRow = 0;

    // c (rows x Columns) = or += the sum over k of column k of a times row k of b; rows as RowsFor gave it. Rows of a are
    // contiguous, at aRow from each other, or packed; rows of b are contiguous, at bStep.
    static abstract void Run(int rows, long k, T* a, long aRow, T* b, long bStep, T* c, long cStride, bool add);
}

// Where a microkernel's A lies.
readonly struct Packed;

readonly struct InPlace;

// Matrix products, after Goto and van de Geijn (2008) and BLIS: A and B are packed into panels that the microkernel reads
// straight through, block by block of the caches; what is met a few times only is read where it lies. C is cut into tiles
// that threads take. Sums over k run in one order, whatever the number of threads.
static unsafe class Gemm
{
    // Panels of this depth: one of B stays in the first cache, a tile's panels of A in the second.
    const int BlockK = 256;
    // Where C is stored transposed, block by block, blocks are deeper.
    const int TransposedBlockK = 1024;
    // A tile of C: its panels of A and its block of C stay in the second cache while panels of B go by.
    const int TileRows = 528, TileColumns = 128;
    // Up to so many panels of the other side, packing does not pay; but for B's rows only where they stay in the second cache,
    // for a panel meets each of them in another place.
    const int FewPanelsA = 8, FewPanelsB = 4;
    const long InPlaceBytes = 1 << 20;
    // What one thread packs another one fetches from its cache, and packs over next time: up to here A's rows are read where they lie instead.
    const long SharedBytes = 1 << 18;
    // Panels that are packed together: rows that run through all of them are read in one go.
    const int PanelsTogether = 8;
    // What is packed at once, at most; larger products go in several rounds.
    const int RoundM = 3072, RoundN = 3072, RoundK = 2048;
    // Below, a second thread comes too late.
    internal const long ParallelWork = 1 << 19;
    // Up to here a microkernel's whole tiles do not pay.
    const long SmallWork = 1 << 15;

    // For tests: the vector width to use, 0 for the widest.
    internal static int ForcedWidth { get; set; }

    // Bits of the vectors that products and convolutions are made of.
    internal static int Width => ForcedWidth != 0 ? ForcedWidth : Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    /// <summary>C (m x n, rows at cRow, columns contiguous) = A B, or += with accumulate, + bias (n values) on every row, or the larger of that
    /// and 0.</summary>
    internal static void Multiply<T>(int m, int n, int k, T* a, long aRow, long aColumn, T* b, long bRow, long bColumn,
        T* c, long cRow, bool accumulate, T* bias, bool relu = false) where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (m == 0 || n == 0) return;
        if (n == 1 && m > 1 && cRow == 1)
        {
            // A matrix times a vector is the vector times the matrix transposed: C is one row then, and vectors run along it.
            SmallProduct.Multiply(1, m, k, b, 0, bRow, a, aColumn, aRow, c, m, accumulate, null);
            if (bias != null) TensorPrimitives.Add(new ReadOnlySpan<T>(c, m), *bias, new Span<T>(c, m));
            if (relu) Packing.Finish(c, m, null, true);
            return;
        }
        if (m <= 4 || k < 4 || (long)m * n * k <= SmallWork)
        {
            SmallProduct.Multiply(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, accumulate, bias, relu);
            return;
        }
        var round = new Operands<T> { M = m, N = n, K = k, A = a, ARow = aRow, AColumn = aColumn, B = b, BRow = bRow, BColumn = bColumn, C = c, CRow = cRow, CColumn = 1, Add = accumulate, Bias = bias, Relu = relu };
        switch (Width)
        {
            case 512: Rounds<T, Microkernel512<T>>(round); break;
            case 256: Rounds<T, Microkernel256<T>>(round); break;
            default: Rounds<T, Microkernel128<T>>(round); break;
        }
    }

    // Rows of A that MultiplyPacked reads behind the last, at most.
    internal const int MoreRows = 12;

    // What a row of so many columns takes where MultiplyPacked writes whole panels; not at powers of two from each other, where the rows
    // of a block would meet in the same few lines of the first cache.
    internal static int Room<T>(int columns) where T : unmanaged => RoundUp<T>(columns) + 64 / sizeof(T);

    internal static long PackedLength<T>(int n, int k) where T : unmanaged => (long)RoundUp<T>(n) * k;

    static int RoundUp<T>(int columns) where T : unmanaged
    {
        var panel = Width / 4 / sizeof(T);
        return (columns + panel - 1) / panel * panel;
    }

    /// <summary>Packs a right side (k x n) that many products share.</summary>
    internal static void Pack<T>(int n, int k, T* b, long bRow, long bColumn, T* target) where T : unmanaged
    {
        var panel = Width / 4 / sizeof(T);
        Packing.Panels(b, bRow, bColumn, n, panel, 0, (n + panel - 1) / panel, k, target);
    }

    /// <summary>C (m x n) = A B, B packed. A's columns are contiguous; the rows behind its last one are read, and each row of C has room
    /// for whole panels.</summary>
    internal static void MultiplyPacked<T>(int m, int n, int k, T* a, long aRow, T* packed, T* c, long cRow) where T : unmanaged, IFloatingPointIeee754<T>
    {
        switch (Width)
        {
            case 512: new PackedProduct<T, Microkernel512<T>> { M = m, N = n, K = k, A = a, ARow = aRow, Packed = packed, C = c, CRow = cRow }.Execute(); break;
            case 256: new PackedProduct<T, Microkernel256<T>> { M = m, N = n, K = k, A = a, ARow = aRow, Packed = packed, C = c, CRow = cRow }.Execute(); break;
            default: new PackedProduct<T, Microkernel128<T>> { M = m, N = n, K = k, A = a, ARow = aRow, Packed = packed, C = c, CRow = cRow }.Execute(); break;
        }
    }

    // A part for each panel of B, which stays in the first cache while A's rows go by.
    struct PackedProduct<T, TKernel> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where TKernel : struct, IMicrokernel<T>
    {
        internal int M, N, K;
        internal T* A, Packed, C;
        internal long ARow, CRow;

        internal void Execute()
        {
            var panels = (N + TKernel.Columns - 1) / TKernel.Columns;
            if ((long)M * N * K >= ParallelWork) WorkerPool.For(panels, ref this);
            else for (var j = 0; j < panels; j++) Run(j);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        public readonly void Run(int part)
        {
            int rows = TKernel.Rows, columns = TKernel.Columns;
            var edge = stackalloc T[rows * columns];
            T* b = Packed + (long)part * K * columns, c = C + part * columns;
            for (var p = 0; p < K; p += BlockK)
            {
                var depth = Math.Min(BlockK, K - p);
                // Blocks of about equal height.
                for (int i = 0, blocks = (M + rows - 1) / rows; blocks > 0; blocks--)
                {
                    int height = TKernel.RowsFor((M - i + blocks - 1) / blocks), valid = Math.Min(height, M - i);
                    if (valid == height) TKernel.Run(height, depth, A + i * ARow + p, ARow, b, columns, c + i * CRow, CRow, p > 0);
                    else
                    {
                        TKernel.Run(height, depth, A + i * ARow + p, ARow, b, columns, edge, columns, false);
                        for (var r = 0; r < valid; r++) Packing.Store(edge + r * columns, columns, c + (i + r) * CRow, p > 0);
                    }
                    i += valid;
                }
                b += depth * columns;
            }
        }
    }

    // C = A B, C's rows at CRow, its columns at CColumn; a bias for every column, or for every row where C is transposed.
    struct Operands<T> where T : unmanaged
    {
        internal int M, N, K;
        internal T* A, B, C, Bias;
        internal long ARow, AColumn, BRow, BColumn, CRow, CColumn;
        internal bool Add, Relu;

        internal readonly bool Transposed => CColumn != 1;

        internal readonly Operands<T> Transpose() => new()
        {
            M = N,
            N = M,
            K = K,
            A = B,
            ARow = BColumn,
            AColumn = BRow,
            B = A,
            BRow = AColumn,
            BColumn = ARow,
            C = C,
            CRow = CColumn,
            CColumn = CRow,
            Add = Add,
            Bias = Bias,
            Relu = Relu,
        };
    }

    static void Rounds<T, TKernel>(Operands<T> all) where T : unmanaged, IFloatingPointIeee754<T> where TKernel : struct, IMicrokernel<T>
    {
        // A layer's x W^T with few rows of x: as (W x^T)^T each row of W is read where it lies, and only x is packed.
        if (all.BColumn != 1 && all.BRow == 1 && all.N > all.M && all.M >= TKernel.Columns / 2 && all.M <= FewPanelsB * TKernel.Columns && all.K >= BlockK / 2) all = all.Transpose();
        else if (Turns<T, TKernel>(all)) all = all.Transpose();
        for (var j = 0; j < all.N; j += RoundN)
            for (var i = 0; i < all.M; i += RoundM)
                for (var p = 0; p < all.K; p += RoundK)
                {
                    var part = all;
                    part.M = Math.Min(RoundM, all.M - i);
                    part.N = Math.Min(RoundN, all.N - j);
                    part.K = Math.Min(RoundK, all.K - p);
                    part.A += i * all.ARow + p * all.AColumn;
                    part.B += p * all.BRow + j * all.BColumn;
                    part.C += i * all.CRow + j * all.CColumn;
                    part.Add |= p > 0;
                    var last = p + RoundK >= all.K;
                    part.Bias = all.Bias != null && last ? all.Bias + (all.Transposed ? i : j) : null;
                    part.Relu &= last;
                    new Round<T, TKernel> { Of = part }.Execute();
                }
    }

    // Whether C transposed is faster: it fills blocks better where C is narrow, whose last, or only, panel of columns is mostly empty, and each tile
    // packs what lies column by column just before its use. Measured, in nanoseconds: a multiplication takes 0.01, storing an element of C
    // transposed 0.3, packing one of A that is read in place otherwise 0.12, packing it whole 0.06 more than tile by tile.
    static bool Turns<T, TKernel>(in Operands<T> all) where T : unmanaged where TKernel : struct, IMicrokernel<T>
    {
        var saved = (Computed<T, TKernel>(all.M, all.N) - Computed<T, TKernel>(all.N, all.M)) * all.K * 0.01;
        return saved > 0.3 * all.M * all.N + (double)all.K * (all.AColumn == 1 ? 0.12 * all.M : 0.06 * (all.N - all.M));
    }

    // Elements of C that blocks compute.
    static double Computed<T, TKernel>(int m, int n) where T : unmanaged where TKernel : struct, IMicrokernel<T>
    {
        int rows = TKernel.Rows, columns = TKernel.Columns, left = m % rows;
        return (m - left + (left == 0 ? 0 : TKernel.RowsFor(left))) * (double)((n + columns - 1) / columns * columns);
    }

    // How a side comes to the microkernel: read where it lies, packed by each tile just before its use, or packed whole before.
    enum Supply
    {
        InPlace,
        PerTile,
        Whole,
    }

    struct Round<T, TKernel> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where TKernel : struct, IMicrokernel<T>
    {
        internal Operands<T> Of;
        T* packedA, packedB;
        Supply supplyA, supplyB;
        bool packing;
        int panelsA, panelsB, tilePanelsA, tilePanelsB, tilesB, groupA, groupB;

        internal void Execute()
        {
            int rows = TKernel.Rows, columns = TKernel.Columns;
            panelsA = (Of.M + rows - 1) / rows;
            panelsB = (Of.N + columns - 1) / columns;
            tilePanelsA = Share(panelsA, TileRows / rows);
            tilePanelsB = Share(panelsB, TileColumns / columns);
            var parallel = (long)Of.M * Of.N * Of.K >= ParallelWork;
            var threads = parallel ? WorkerPool.WantedParts : 1;
            // Where one tile holds all panels of the other side, each panel is needed once: packed just before, it is in the cache.
            supplyB = Of.BColumn == 1 && panelsA <= FewPanelsA && (long)Of.K * Of.N * sizeof(T) <= InPlaceBytes ? Supply.InPlace : tilePanelsA == panelsA ? Supply.PerTile : Supply.Whole;
            supplyA = Of.AColumn == 1 && (panelsB <= FewPanelsB || threads > 1 && (long)Of.M * Of.K * sizeof(T) <= SharedBytes) ? Supply.InPlace
                : tilePanelsB == panelsB && supplyB != Supply.PerTile && Of.ARow != 1 ? Supply.PerTile : Supply.Whole;
            // Smaller tiles where there would be few, so that threads have work.
            while (supplyA == Supply.Whole && tilePanelsB > 1 && Tiles() < 16) tilePanelsB = (tilePanelsB + 1) / 2;
            while (supplyB != Supply.PerTile && tilePanelsA > 1 && Tiles() < (supplyA == Supply.Whole ? 8 : 16)) tilePanelsA = (tilePanelsA + 1) / 2;
            // No sum runs over several tiles, so that they may follow the number of threads.
            while (threads > 1 && tilePanelsB > 1 && Tiles() < 2 * threads) tilePanelsB = (tilePanelsB + 1) / 2;
            tilesB = (panelsB + tilePanelsB - 1) / tilePanelsB;
            var lengthA = supplyA == Supply.Whole ? ((long)panelsA * rows * Of.K + 63) / 64 * 64 : 0;
            var lengthB = supplyB == Supply.Whole ? (long)panelsB * columns * Of.K : 0;
            packedA = Workspace.Rent<T>(Workspace.Purpose.Panels, lengthA + lengthB);
            packedB = packedA + lengthA;
            (groupA, groupB) = (Group(panelsA), Group(panelsB));
            packing = true;
            Run(GroupsA + (supplyB == Supply.Whole ? (panelsB + groupB - 1) / groupB : 0), parallel);
            packing = false;
            Run(Tiles(), parallel);
        }

        readonly int GroupsA => supplyA == Supply.Whole ? (panelsA + groupA - 1) / groupA : 0;

        // Fewer together where there are few, so that threads have work.
        static int Group(int panels) => Math.Clamp(panels / 8, 1, PanelsTogether);

        // As many panels to a tile as make tiles of about equal size, none above the limit.
        static int Share(int panels, int limit)
        {
            var tiles = (panels + limit - 1) / limit;
            return (panels + tiles - 1) / tiles;
        }

        readonly int Tiles() => (panelsA + tilePanelsA - 1) / tilePanelsA * ((panelsB + tilePanelsB - 1) / tilePanelsB);

        void Run(int parts, bool parallel)
        {
            if (parallel) WorkerPool.For(parts, ref this);
            else for (var i = 0; i < parts; i++) Run(i);
        }

        public readonly void Run(int part)
        {
            if (!packing) Tile(part / tilesB * tilePanelsA, part % tilesB * tilePanelsB);
            else if (part < GroupsA)
            {
                var first = part * groupA;
                PackA(first, Math.Min(groupA, panelsA - first), 0, Of.K, packedA + (long)first * TKernel.Rows * Of.K);
            }
            else
            {
                var first = (part - GroupsA) * groupB;
                PackB(first, Math.Min(groupB, panelsB - first), 0, Of.K, packedB + (long)first * TKernel.Columns * Of.K);
            }
        }

        readonly void PackA(int panel, int count, int from, int depth, T* target) =>
            Packing.Panels(Of.A + from * Of.AColumn, Of.AColumn, Of.ARow, Of.M, TKernel.Rows, panel, count, depth, target);

        readonly void PackB(int panel, int count, int from, int depth, T* target) =>
            Packing.Panels(Of.B + from * Of.BRow, Of.BRow, Of.BColumn, Of.N, TKernel.Columns, panel, count, depth, target);

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        readonly void Tile(int firstA, int firstB)
        {
            int endA = Math.Min(firstA + tilePanelsA, panelsA), endB = Math.Min(firstB + tilePanelsB, panelsB);
            int rows = TKernel.Rows, columns = TKernel.Columns, blockK = Of.Transposed ? TransposedBlockK : BlockK;
            var edge = stackalloc T[rows * columns];
            // One panel of A and, behind it, a tile's panels of B: whole panels that the tile packs, or edges of what is read in place.
            var ownA = Workspace.Rent<T>(Workspace.Purpose.OwnPanels, (long)blockK * (rows + columns * tilePanelsB));
            var ownB = ownA + blockK * rows;
            for (var p = 0; p < Of.K; p += blockK)
            {
                var depth = Math.Min(blockK, Of.K - p);
                if (supplyB == Supply.PerTile) PackB(firstB, endB - firstB, p, depth, ownB);
                else if (supplyB == Supply.InPlace && endB * columns > Of.N) PackB(endB - 1, 1, p, depth, ownB);
                if (supplyA == Supply.Whole)
                {
                    for (var j = firstB; j < endB; j++)
                    {
                        var b = PanelB(j, firstB, p, depth, ownB, out var bStep);
                        for (var i = firstA; i < endA; i++) Block(i, j, p, depth, packedA + ((long)i * Of.K + p) * rows, IMicrokernel<T>.PackedRow, b, bStep, edge);
                    }
                    continue;
                }
                for (var i = firstA; i < endA; i++)
                {
                    var height = Math.Min(rows, Of.M - i * rows);
                    var inPlace = supplyA == Supply.InPlace && TKernel.RowsFor(height) == height;
                    if (!inPlace) PackA(i, 1, p, depth, ownA);
                    var a = inPlace ? Of.A + i * rows * Of.ARow + p : ownA;
                    for (var j = firstB; j < endB; j++)
                    {
                        var b = PanelB(j, firstB, p, depth, ownB, out var bStep);
                        Block(i, j, p, depth, a, inPlace ? Of.ARow : IMicrokernel<T>.PackedRow, b, bStep, edge);
                    }
                }
            }
            if (Of.Bias != null || Of.Relu) Finish(firstA * rows, Math.Min(endA * rows, Of.M), firstB * columns, Math.Min(endB * columns, Of.N));
        }

        readonly T* PanelB(int panel, int firstB, int p, int depth, T* own, out long step)
        {
            var columns = TKernel.Columns;
            step = columns;
            if (supplyB == Supply.Whole) return packedB + ((long)panel * Of.K + p) * columns;
            if (supplyB == Supply.PerTile) return own + (long)(panel - firstB) * depth * columns;
            if ((panel + 1) * columns > Of.N) return own;
            step = Of.BRow;
            return Of.B + p * Of.BRow + panel * columns;
        }

        // One block of C; where it is transposed or at the matrix's edge by way of a buffer.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Block(int i, int j, int p, int depth, T* a, long aRow, T* b, long bStep, T* edge)
        {
            int rows = TKernel.Rows, columns = TKernel.Columns;
            var c = Of.C + i * rows * Of.CRow + j * columns * Of.CColumn;
            int height = Math.Min(rows, Of.M - i * rows), width = Math.Min(columns, Of.N - j * columns);
            var add = Of.Add || p > 0;
            var computed = TKernel.RowsFor(height);
            if (height == computed && width == columns && !Of.Transposed)
            {
                TKernel.Run(computed, depth, a, aRow, b, bStep, c, Of.CRow, add);
                return;
            }
            TKernel.Run(computed, depth, a, aRow, b, bStep, edge, columns, false);
            if (Of.Transposed)
            {
                Packing.StoreTransposed(edge, columns, height, width, c, Of.CColumn, add);
                return;
            }
            for (var r = 0; r < height; r++) Packing.Store(edge + r * columns, width, c + r * Of.CRow, add);
        }

        // Once for each element of C, by the tile that holds it.
        readonly void Finish(int top, int bottom, int left, int right)
        {
            // Of C as the caller sees it.
            var (firstRow, lastRow, first, count) = Of.Transposed ? (left, right, top, bottom - top) : (top, bottom, left, right - left);
            var row = Of.Transposed ? Of.CColumn : Of.CRow;
            for (var i = firstRow; i < lastRow; i++) Packing.Finish(Of.C + i * row + first, count, Of.Bias == null ? null : Of.Bias + first, Of.Relu);
        }
    }
}
