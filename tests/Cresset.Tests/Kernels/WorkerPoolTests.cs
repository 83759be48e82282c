using Cresset.Kernels.Cpu;
using Xunit;

namespace Cresset.Tests.Kernels;

[Collection(nameof(GlobalSettings))]
public unsafe class WorkerPoolTests
{
    struct Count(int* counts, int nested) : IParallelBody
    {
        readonly int* counts = counts;

        public readonly void Run(int part)
        {
            Interlocked.Increment(ref counts[part]);
            if (nested == 0) return;
            var inner = new Count(counts + part, 0);
            WorkerPool.For(1, ref inner);
        }
    }

    struct Fail(int at) : IParallelBody
    {
        public readonly void Run(int part)
        {
            if (part == at) throw new InvalidOperationException($"part {part}");
        }
    }

    static void WithThreads(int threads, Action action)
    {
        var before = Threads.Count;
        Threads.Count = threads;
        try { action(); }
        finally { Threads.Count = before; }
    }

    static void RunsEachPartOnce(int parts, int nested = 0)
    {
        var counts = new int[parts + 1];
        fixed (int* p = counts)
        {
            var body = new Count(p, nested);
            WorkerPool.For(parts, ref body);
        }
        Assert.Equal(Enumerable.Repeat(1 + nested, parts).Append(0), counts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Runs_every_part_once(int threads) => WithThreads(threads, () =>
    {
        for (var i = 0; i < 200; i++) RunsEachPartOnce(i);
    });

    [Fact]
    public void A_part_may_ask_for_parts_of_its_own() => WithThreads(3, () => RunsEachPartOnce(50, nested: 1));

    [Fact]
    public void Several_callers_at_once_each_get_their_work_done() => WithThreads(3, () =>
    {
        var callers = Enumerable.Range(0, 6).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < 100; i++) RunsEachPartOnce(40);
        })).ToArray();
        foreach (var caller in callers) caller.Start();
        foreach (var caller in callers) caller.Join();
    });

    [Fact]
    public void An_exception_in_a_part_reaches_the_caller_and_the_pool_goes_on() => WithThreads(3, () =>
    {
        for (var i = 0; i < 50; i++)
        {
            var at = i % 20;
            var error = Assert.Throws<InvalidOperationException>(() =>
            {
                var body = new Fail(at);
                WorkerPool.For(20, ref body);
            });
            Assert.Equal($"part {at}", error.Message);
            RunsEachPartOnce(20);
        }
    });

    [Fact]
    public void Less_than_one_thread_is_refused()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Threads.Count = 0);
        Assert.Contains("expected at least 1, got 0", error.Message, StringComparison.Ordinal);
    }
}
