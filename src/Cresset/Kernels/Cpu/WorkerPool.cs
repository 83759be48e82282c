using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Cresset.Kernels.Cpu;

// Work that is cut into numbered parts, which may run in any order and at once.
interface IParallelBody
{
    void Run(int part);
}

// The library's own threads. They spin for a moment after work, then park: an idle process uses no processor time. One
// caller has them at a time; another one, or a part that asks for parts of its own, runs its work alone. Parts are claimed
// from a counter, so that the cut need not depend on the number of threads.
static unsafe class WorkerPool
{
    const int SpinsBeforeParking = 200;
    const int Open = 1 << 30;

    static readonly Lock Gate = new();
    static Worker[] workers = [];
    static int threads = Environment.ProcessorCount;
    // More threads than processors would only wait for each other. Tests set it, to have them all the same.
    internal static int Processors = Environment.ProcessorCount;
    [ThreadStatic] static bool inside;

    // The work at hand. Its body lies on the caller's stack: the caller leaves only when the door is shut and all are out.
    static void* body;
    static delegate*<void*, int, void> run;
    static int parts, next, door, generation;
    static ExceptionDispatchInfo? failure;

    internal static int Threads
    {
        get => threads;
        set
        {
            lock (Gate) threads = value;
        }
    }

    static int Running => Math.Min(threads, Processors);

    /// <summary>As many parts as keep all threads at work. Only for a cut that no sum knows of: sums have to be the same at any number of threads.</summary>
    internal static int WantedParts => inside ? 1 : Running;

    internal static void For<TBody>(int count, ref TBody work) where TBody : unmanaged, IParallelBody
    {
        if (count <= 1 || Running == 1 || inside || !Gate.TryEnter())
        {
            for (var i = 0; i < count; i++) work.Run(i);
            return;
        }
        try
        {
            inside = true;
            var local = work;
            Share(count, &local, &Invoke<TBody>);
        }
        finally
        {
            inside = false;
            Gate.Exit();
        }
    }

    static void Invoke<TBody>(void* work, int part) where TBody : unmanaged, IParallelBody => ((TBody*)work)->Run(part);

    static void Share(int count, void* work, delegate*<void*, int, void> invoke)
    {
        var helpers = Math.Min(Running, count) - 1;
        while (workers.Length < helpers) workers = [.. workers, new Worker(workers.Length)];
        body = work;
        run = invoke;
        parts = count;
        failure = null;
        Volatile.Write(ref next, 0);
        Volatile.Write(ref door, Open);
        Interlocked.Increment(ref generation);
        for (var i = 0; i < helpers; i++) workers[i].Wake();
        Work();
        // Shut the door, then wait for those who are inside.
        Interlocked.And(ref door, ~Open);
        var spinner = new SpinWait();
        while (Volatile.Read(ref door) != 0) spinner.SpinOnce(sleep1Threshold: -1);
        failure?.Throw();
    }

    static void Work()
    {
        try
        {
            for (var part = Interlocked.Increment(ref next) - 1; part < parts; part = Interlocked.Increment(ref next) - 1) run(body, part);
        }
        catch (Exception exception)
        {
            // The caller gets the first one; the rest of the work is not begun.
            Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
            Volatile.Write(ref next, parts);
        }
    }

    static bool Enter()
    {
        while (true)
        {
            var seen = Volatile.Read(ref door);
            if ((seen & Open) == 0) return false;
            if (Interlocked.CompareExchange(ref door, seen + 1, seen) == seen) return true;
        }
    }

    [SuppressMessage("Design", "CA1001", Justification = "workers live as long as the process")]
    sealed class Worker
    {
        // Lives as long as the process, as the thread does.
        readonly AutoResetEvent signal = new(false);
        readonly int number;
        int parked;

        internal Worker(int number)
        {
            this.number = number;
            new Thread(Loop) { IsBackground = true, Name = $"Cresset worker {number + 1}" }.Start();
        }

        internal void Wake()
        {
            if (Interlocked.Exchange(ref parked, 0) == 1) signal.Set();
        }

        void Loop()
        {
            inside = true;
            var seen = 0;
            while (true)
            {
                for (var spins = 0; Volatile.Read(ref generation) == seen; spins++)
                {
                    if (spins < SpinsBeforeParking)
                    {
                        Thread.SpinWait(20);
                        continue;
                    }
                    Interlocked.Exchange(ref parked, 1);
                    // Work that came between the look and the flag has not seen the flag: look again.
                    if (Volatile.Read(ref generation) == seen || Interlocked.Exchange(ref parked, 0) == 0) signal.WaitOne();
                    spins = 0;
                }
                seen = Volatile.Read(ref generation);
                // Fewer threads may have been asked for since.
                if (number >= Running - 1 || !Enter()) continue;
                Work();
                Interlocked.Decrement(ref door);
            }
        }
    }
}
