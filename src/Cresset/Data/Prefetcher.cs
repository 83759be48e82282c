using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Cresset.Data;

// Makes the batches of one epoch on background threads, a few ahead of the consumer, and hands them out in order. Each
// thread claims the next batch from the source, makes it, and lays it in its place of a ring.
sealed class Prefetcher<TBatch> : IDisposable
{
    const int BatchesPerWorker = 2;

    readonly IEnumerator<Func<TBatch>> source;
    readonly Thread[] threads;
    // One thread at a time reads the source, so that a stream or a sampler need not be safe for many.
    readonly Lock claiming = new();
    // Guards what stands below; a monitor, to wait on.
    readonly object state = new();
    readonly Place[] ring;
    int claimed, taken;
    int end = int.MaxValue;
    bool stopped;

    struct Place
    {
        public bool Filled;
        public TBatch Batch;
        public ExceptionDispatchInfo? Failure;
    }

    internal Prefetcher(IEnumerator<Func<TBatch>> source, int workers)
    {
        this.source = source;
        ring = new Place[workers * BatchesPerWorker];
        threads = new Thread[workers];
        for (var i = 0; i < workers; i++)
        {
            threads[i] = new Thread(Work) { IsBackground = true, Name = $"Cresset data {i}" };
            threads[i].Start();
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "What fails on a worker is thrown where the batch is taken")]
    void Work()
    {
        while (Claim() is var (number, make))
        {
            var place = new Place { Filled = true };
            try
            {
                place.Batch = make();
            }
            catch (Exception failure)
            {
                place.Failure = ExceptionDispatchInfo.Capture(failure);
            }
            Fill(number, place);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "What fails on a worker is thrown where the batch is taken")]
    (int Number, Func<TBatch> Make)? Claim()
    {
        lock (claiming)
        {
            lock (state)
            {
                while (!stopped && claimed < end && claimed - taken >= ring.Length) Monitor.Wait(state);
                if (stopped || claimed >= end) return null;
            }
            try
            {
                if (source.MoveNext()) return (claimed++, source.Current);
                End(claimed);
            }
            catch (Exception failure)
            {
                Fill(claimed, new Place { Filled = true, Failure = ExceptionDispatchInfo.Capture(failure) });
                End(claimed + 1);
            }
            return null;
        }
    }

    void Fill(int number, Place place)
    {
        lock (state)
        {
            ring[number % ring.Length] = place;
            Monitor.PulseAll(state);
        }
    }

    void End(int number)
    {
        lock (state)
        {
            end = number;
            Monitor.PulseAll(state);
        }
    }

    /// <summary>The next batch, as soon as it is made; false after the last.</summary>
    internal bool TryTake([MaybeNullWhen(false)] out TBatch batch)
    {
        Place place;
        lock (state)
        {
            ref var next = ref ring[taken % ring.Length];
            while (!next.Filled && taken < end) Monitor.Wait(state);
            place = next;
            batch = place.Batch;
            if (!place.Filled) return false;
            next = default;
            taken++;
            Monitor.PulseAll(state);
        }
        place.Failure?.Throw();
        return true;
    }

    // Waits for the batches at work: after this no thread reads the dataset.
    public void Dispose()
    {
        lock (state)
        {
            stopped = true;
            Monitor.PulseAll(state);
        }
        foreach (var thread in threads) thread.Join();
    }
}
