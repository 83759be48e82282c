using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Update<TFunction, TStep>(Span<TStep> steps)
    {
        if (steps.IsEmpty) return;
        var type = steps[0].Parameter.DType;
        if (type == DType.Float32) Update<TFunction, TStep, float>(steps);
        else if (type == DType.Float64) Update<TFunction, TStep, double>(steps);
        else throw Unsupported("an optimizer's step", type);
        foreach (ref var step in steps)
        {
            GC.KeepAlive(step.Parameter.Storage);
            GC.KeepAlive(step.Gradient.Storage);
            for (var i = 0; i < step.StateCount; i++) GC.KeepAlive(step.State(i).Storage);
        }
    }

    static void Update<TFunction, TStep, T>(Span<TStep> steps) where TFunction : unmanaged, IUpdateFunction where TStep : struct, IUpdateStep<TFunction> where T : unmanaged
    {
        long elements = 0;
        foreach (ref var step in steps) elements += step.Parameter.Layout.ElementCount;
        if (elements <= StridedLoop.Grain)
        {
            foreach (ref var step in steps) Loop<TFunction, TStep>(ref step).Run(new UpdateBody<TFunction, T>(step.Function, step.StateCount));
            return;
        }
        var work = new Updates<TFunction, T>
        {
            Elements = elements,
            Loops = Workspace.Rent<StridedLoop>(Workspace.Purpose.Phases, steps.Length),
            Bodies = Workspace.Rent<UpdateBody<TFunction, T>>(Workspace.Purpose.States, steps.Length),
            Ends = Workspace.Rent<long>(Workspace.Purpose.Offsets, steps.Length),
        };
        long end = 0;
        for (var i = 0; i < steps.Length; i++)
        {
            ref var step = ref steps[i];
            work.Loops[i] = Loop<TFunction, TStep>(ref step);
            work.Loops[i].Prepare();
            work.Bodies[i] = new(step.Function, step.StateCount);
            work.Ends[i] = end += work.Loops[i].Count;
        }
        WorkerPool.For((int)((elements + StridedLoop.Grain - 1) / StridedLoop.Grain), ref work);
    }

    static StridedLoop Loop<TFunction, TStep>(ref TStep step) where TFunction : unmanaged, IUpdateFunction where TStep : struct, IUpdateStep<TFunction>
    {
        var loop = new StridedLoop(step.Parameter.Layout.Shape);
        loop.Add(step.Parameter);
        loop.Add(step.Gradient);
        for (var k = 0; k < step.StateCount; k++) loop.Add(step.State(k));
        return loop;
    }

    // All parameters' elements in one row, cut into chunks of equal length: of many small parameters each thread takes some.
    struct Updates<TFunction, T> : IParallelBody where TFunction : unmanaged, IUpdateFunction where T : unmanaged
    {
        internal StridedLoop* Loops;
        internal UpdateBody<TFunction, T>* Bodies;
        // Where each parameter's elements end.
        internal long* Ends;
        internal long Elements;

        public readonly void Run(int part)
        {
            long start = part * StridedLoop.Grain, end = Math.Min(start + StridedLoop.Grain, Elements);
            var i = 0;
            while (Ends[i] <= start) i++;
            for (; start < end; i++)
            {
                var length = Math.Min(end, Ends[i]) - start;
                if (length == 0) continue;
                Loops[i].RunRange(ref Bodies[i], start - (Ends[i] - Loops[i].Count), length);
                start += length;
            }
        }
    }

    readonly struct UpdateBody<TFunction, T>(TFunction f, int states) : IStridedBody where TFunction : unmanaged, IUpdateFunction where T : unmanaged
    {
        readonly TFunction f = f;
        readonly int states = states;

        public void Run(long count, byte** pointers, long* strides)
        {
            if (Vector512.IsHardwareAccelerated) Run<Lanes512<T>>(count, pointers, strides);
            else if (Vector256.IsHardwareAccelerated) Run<Lanes256<T>>(count, pointers, strides);
            else Run<Lanes128<T>>(count, pointers, strides);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        void Run<L>(long count, byte** pointers, long* strides) where L : struct, ILanes<L, T>
        {
            var blocks = stackalloc T[StridedLoop.MaxOperands * BlockLength];
            var dense = true;
            for (var k = 0; k < 2 + states; k++) dense &= IsDense<T>(strides[k], count);
            if (dense)
            {
                var whole = count - count % L.Count;
                var rows = stackalloc T*[StridedLoop.MaxOperands];
                // Absent states read and write a block of their own, which nobody looks at; its lanes stay in one place.
                for (var k = 0; k < StridedLoop.MaxOperands; k++) rows[k] = k < 2 + states ? (T*)pointers[k] : blocks + k * BlockLength;
                Dense<L>(rows, whole);
                for (var k = 0; k < 2 + states; k++) pointers[k] += whole * sizeof(T);
                count -= whole;
            }
            if (count == 0) return;
            var block = stackalloc T*[StridedLoop.MaxOperands];
            for (var k = 0; k < StridedLoop.MaxOperands; k++) block[k] = blocks + k * BlockLength;
            for (; count > 0; count -= BlockLength)
            {
                var n = Math.Min(count, BlockLength);
                for (var k = 0; k < 2 + states; k++) Gather(pointers[k], strides[k], block[k], n);
                Dense<L>(block, n);
                for (var k = 0; k < 2 + states; k++)
                {
                    if (k != 1) Scatter(block[k], pointers[k], strides[k], n);
                    pointers[k] += n * strides[k];
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void Dense<L>(T** rows, long count) where L : struct, ILanes<L, T>
        {
            var local = f;
            T* parameter = rows[0], gradient = rows[1], first = rows[2], second = rows[3], third = rows[4];
            long step0 = states > 0 ? 1 : 0, step1 = states > 1 ? 1 : 0, step2 = states > 2 ? 1 : 0;
            for (long i = 0; i < count; i += L.Count)
            {
                var p = L.Load(parameter + i);
                var s0 = L.Load(first + i * step0);
                var s1 = L.Load(second + i * step1);
                var s2 = L.Load(third + i * step2);
                local.Update(ref p, L.Load(gradient + i), ref s0, ref s1, ref s2);
                L.Store(p, parameter + i);
                L.Store(s0, first + i * step0);
                L.Store(s1, second + i * step1);
                L.Store(s2, third + i * step2);
            }
        }
    }
}
