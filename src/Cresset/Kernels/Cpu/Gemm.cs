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

    // c (rows x Columns) = or += the sum over k of column k of panel a times row k of panel b; rows as RowsFor gave it.
    static abstract void Run(int rows, long k, T* a, T* b, T* c, long cStride, bool add);
}

// Matrix products, after Goto and van de Geijn (2008) and BLIS: A and B are packed into panels that the microkernel reads
// straight through, block by block of the caches; C is cut into tiles that threads take. Sums over k run in one order,
// whatever the number of threads.
static unsafe class Gemm
{
    // Panels of this depth: one of B stays in the first cache, a tile's panels of A in the second.
    const int BlockK = 256;
    // A tile of C: its panels of A and its block of C stay in the second cache while panels of B go by.
    const int TileRows = 480, TileColumns = 128;
    // What is packed at once, at most; larger products go in several rounds.
    const int RoundM = 3072, RoundN = 3072, RoundK = 2048;
    const long ParallelWork = 1 << 18;
    // Up to here packing does not pay.
    const long SmallWork = 1 << 15;

    // For tests: the vector width to use, 0 for the widest.
    internal static int ForcedWidth { get; set; }

    // Bits of the vectors that products and convolutions are made of.
    internal static int Width => ForcedWidth != 0 ? ForcedWidth : Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    /// <summary>C (m x n, rows at cRow, columns contiguous) = A B, or += with accumulate, + bias (n values) on every row.</summary>
    internal static void Multiply<T>(int m, int n, int k, T* a, long aRow, long aColumn, T* b, long bRow, long bColumn,
        T* c, long cRow, bool accumulate, T* bias) where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (m == 0 || n == 0) return;
        if (n == 1 && m > 1 && cRow == 1)
        {
            // A matrix times a vector is the vector times the matrix transposed: C is one row then, and vectors run along it.
            SmallProduct.Multiply(1, m, k, b, 0, bRow, a, aColumn, aRow, c, m, accumulate, null);
            if (bias != null) TensorPrimitives.Add(new ReadOnlySpan<T>(c, m), *bias, new Span<T>(c, m));
            return;
        }
        if (m <= 4 || k < 4 || (long)m * n * k <= SmallWork)
        {
            SmallProduct.Multiply(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, accumulate, bias);
            return;
        }
        switch (Width)
        {
            case 512: Rounds<T, Microkernel512<T>>(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, accumulate, bias); break;
            case 256: Rounds<T, Microkernel256<T>>(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, accumulate, bias); break;
            default: Rounds<T, Microkernel128<T>>(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, accumulate, bias); break;
        }
    }

    static void Rounds<T, TKernel>(int m, int n, int k, T* a, long aRow, long aColumn, T* b, long bRow, long bColumn,
        T* c, long cRow, bool accumulate, T* bias) where T : unmanaged, IFloatingPointIeee754<T> where TKernel : struct, IMicrokernel<T>
    {
        var plan = new Round<T, TKernel> { ARow = aRow, AColumn = aColumn, BRow = bRow, BColumn = bColumn, CRow = cRow };
        for (var j = 0; j < n; j += RoundN)
            for (var i = 0; i < m; i += RoundM)
                for (var p = 0; p < k; p += RoundK)
                {
                    plan.M = Math.Min(RoundM, m - i);
                    plan.N = Math.Min(RoundN, n - j);
                    plan.K = Math.Min(RoundK, k - p);
                    plan.A = a + i * aRow + p * aColumn;
                    plan.B = b + p * bRow + j * bColumn;
                    plan.C = c + i * cRow + j;
                    plan.Add = accumulate || p > 0;
                    plan.Bias = bias != null && p + RoundK >= k ? bias + j : null;
                    plan.Execute();
                }
    }

    struct Round<T, TKernel> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where TKernel : struct, IMicrokernel<T>
    {
        internal int M, N, K;
        internal T* A, B, C, Bias;
        T* packedA, packedB;
        internal long ARow, AColumn, BRow, BColumn, CRow;
        internal bool Add;
        bool packing;
        // Where one tile holds all of A's panels, each panel of B is needed once: it is packed just before, into the first
        // cache, and so the other way round.
        bool packsB, packsA;
        int panelsA, panelsB, tilePanelsA, tilePanelsB, tilesB;

        internal void Execute()
        {
            panelsA = (M + TKernel.Rows - 1) / TKernel.Rows;
            panelsB = (N + TKernel.Columns - 1) / TKernel.Columns;
            tilePanelsA = Share(panelsA, TileRows / TKernel.Rows);
            tilePanelsB = Share(panelsB, TileColumns / TKernel.Columns);
            packsB = tilePanelsA == panelsA;
            packsA = !packsB && tilePanelsB == panelsB;
            // Narrower tiles where there would be few, so that threads have work.
            while (!packsA && tilePanelsB > 1 && Tiles() < 16) tilePanelsB = (tilePanelsB + 1) / 2;
            while (!packsB && tilePanelsA > 1 && Tiles() < (packsA ? 16 : 8)) tilePanelsA = (tilePanelsA + 1) / 2;
            tilesB = (panelsB + tilePanelsB - 1) / tilePanelsB;
            var lengthA = packsA ? 0 : ((long)panelsA * TKernel.Rows * K + 63) / 64 * 64;
            packedA = Workspace.Rent<T>(Workspace.Purpose.Panels, lengthA + (packsB ? 0 : (long)panelsB * TKernel.Columns * K));
            packedB = packedA + lengthA;
            var parallel = (long)M * N * K >= ParallelWork;
            packing = true;
            Run(packsA ? panelsB : packsB ? panelsA : panelsA + panelsB, parallel);
            packing = false;
            Run(Tiles(), parallel);
        }

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
            else if (packsA) PackB(part, 1, 0, K, packedB + (long)part * TKernel.Columns * K);
            else if (part < panelsA) PackA(part, 0, K, packedA + (long)part * TKernel.Rows * K);
            else PackB(part - panelsA, 1, 0, K, packedB + (long)(part - panelsA) * TKernel.Columns * K);
        }

        readonly void PackA(int panel, int from, int depth, T* target)
        {
            var first = panel * TKernel.Rows;
            Packing.Panel(A + first * ARow + from * AColumn, AColumn, ARow, Math.Min(TKernel.Rows, M - first), TKernel.Rows, depth, target);
        }

        readonly void PackB(int panel, int count, int from, int depth, T* target)
        {
            int width = TKernel.Columns, first = panel * width;
            var source = B + first * BColumn + from * BRow;
            if (BColumn == 1)
            {
                Packing.Rows(source, BRow, Math.Min(count * width, N - first), width, depth, target, (long)depth * width);
                return;
            }
            for (var i = 0; i < count; i++)
                Packing.Panel(source + i * width * BColumn, BRow, BColumn, Math.Min(width, N - first - i * width), width, depth, target + (long)i * depth * width);
        }

        [SkipLocalsInit]
        readonly void Tile(int firstA, int firstB)
        {
            int endA = Math.Min(firstA + tilePanelsA, panelsA), endB = Math.Min(firstB + tilePanelsB, panelsB);
            int rows = TKernel.Rows, columns = TKernel.Columns;
            var edge = stackalloc T[rows * columns];
            var own = packsA ? Workspace.Rent<T>(Workspace.Purpose.OwnPanels, BlockK * rows)
                : packsB ? Workspace.Rent<T>(Workspace.Purpose.OwnPanels, (long)BlockK * columns * tilePanelsB) : null;
            for (var p = 0; p < K; p += BlockK)
            {
                var depth = Math.Min(BlockK, K - p);
                if (packsA)
                {
                    for (var i = firstA; i < endA; i++)
                    {
                        PackA(i, p, depth, own);
                        for (var j = firstB; j < endB; j++) Block(i, j, p, depth, own, packedB + ((long)j * K + p) * columns, edge);
                    }
                    continue;
                }
                if (packsB) PackB(firstB, endB - firstB, p, depth, own);
                for (var j = firstB; j < endB; j++)
                {
                    var b = packsB ? own + (long)(j - firstB) * depth * columns : packedB + ((long)j * K + p) * columns;
                    for (var i = firstA; i < endA; i++) Block(i, j, p, depth, packedA + ((long)i * K + p) * rows, b, edge);
                }
            }
            if (Bias == null) return;
            int from = firstB * columns, count = Math.Min(endB * columns, N) - from;
            for (var i = firstA * rows; i < Math.Min(endA * rows, M); i++)
                TensorPrimitives.Add(new ReadOnlySpan<T>(C + i * CRow + from, count), new ReadOnlySpan<T>(Bias + from, count), new Span<T>(C + i * CRow + from, count));
        }

        // One block of C; at the matrix's edge by way of a buffer.
        readonly void Block(int i, int j, int p, int depth, T* a, T* b, T* edge)
        {
            int rows = TKernel.Rows, columns = TKernel.Columns;
            var c = C + (long)i * rows * CRow + (long)j * columns;
            int height = Math.Min(rows, M - i * rows), width = Math.Min(columns, N - j * columns);
            var add = Add || p > 0;
            var computed = TKernel.RowsFor(height);
            if (height == computed && width == columns)
            {
                TKernel.Run(computed, depth, a, b, c, CRow, add);
                return;
            }
            TKernel.Run(computed, depth, a, b, edge, columns, false);
            for (var r = 0; r < height; r++)
            {
                ReadOnlySpan<T> block = new(edge + r * columns, width);
                var to = new Span<T>(c + r * CRow, width);
                if (add) TensorPrimitives.Add(to, block, to);
                else block.CopyTo(to);
            }
        }
    }
}
