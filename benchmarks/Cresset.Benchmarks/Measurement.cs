using System.Diagnostics;

namespace Cresset.Benchmarks;

/// <summary>The seconds of one library's steps and what they allocate on the managed heap.</summary>
sealed record Series(string Library, double[] Seconds, double BytesAStep)
{
    public double Best => Seconds.Min();

    public double Median => Measurement.Median(Seconds);
}

/// <summary>One work on two libraries, in turn.</summary>
/// <param name="Work">What was measured.</param>
/// <param name="Ours">Cresset's steps.</param>
/// <param name="Theirs">The other library's steps.</param>
/// <param name="Difference">The largest difference of the two libraries' results, as a part of the result's norm.</param>
sealed record Measurement(Work Work, Series Ours, Series Theirs, double Difference)
{
    // A sample shorter than this would measure the clock and the caches left by the other library.
    const double SampleSeconds = 0.01;
    const double WarmUpSeconds = 0.5;

    /// <summary>How many times as fast Cresset is: the median over the rounds of their time / our time.</summary>
    public double Ratio => Median([.. Ours.Seconds.Zip(Theirs.Seconds, (ours, theirs) => theirs / ours)]);

    public static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <exception cref="InvalidOperationException">The libraries' results differ by more than the work's tolerance.</exception>
    public static Measurement Of(Work work, ILibrary ours, ILibrary theirs, int threads, int rounds)
    {
        using var our = ours.Prepare(work, threads);
        using var their = theirs.Prepare(work, threads);
        var difference = Compare(work, our.Results(), their.Results());
        var steps = Math.Max(1, (int)(SampleSeconds / Math.Max(WarmUp(our), WarmUp(their))));
        double[] ourSeconds = new double[rounds], theirSeconds = new double[rounds];
        long ourBytes = 0, theirBytes = 0;
        for (var round = 0; round < rounds; round++)
        {
            if (round % 2 == 0) ourSeconds[round] = Sample(our, steps, threads, ref ourBytes);
            theirSeconds[round] = Sample(their, steps, threads, ref theirBytes);
            if (round % 2 == 1) ourSeconds[round] = Sample(our, steps, threads, ref ourBytes);
        }
        var count = (double)rounds * steps;
        return new(work, new(ours.Name, ourSeconds, ourBytes / count), new(theirs.Name, theirSeconds, theirBytes / count), difference);
    }

    // Runs until the JIT has compiled what is hot; returns the seconds of a step at the end.
    static double WarmUp(IRun run)
    {
        var total = Stopwatch.StartNew();
        double seconds;
        var steps = 0;
        do
        {
            var start = Stopwatch.GetTimestamp();
            run.Step();
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            steps++;
        }
        while (steps < 5 || total.Elapsed.TotalSeconds < WarmUpSeconds);
        return seconds;
    }

    // Seconds a step. The step before the clock starts brings the caches to this library's side.
    static double Sample(IRun run, int steps, int threads, ref long bytes)
    {
        // Worker threads of the other library spin for some milliseconds before they sleep.
        if (threads > 1) Thread.Sleep(50);
        run.Step();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < steps; i++) run.Step();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        bytes += GC.GetTotalAllocatedBytes(precise: true) - before;
        return seconds / steps;
    }

    static double Compare(Work work, IReadOnlyList<Result> ours, IReadOnlyList<Result> theirs)
    {
        if (ours.Count != theirs.Count)
            throw new InvalidOperationException($"{work.Name}: {ours.Count} results against {theirs.Count}");
        var largest = 0.0;
        foreach (var (a, b) in ours.Zip(theirs))
        {
            if (a.Name != b.Name || a.Values.Length != b.Values.Length)
                throw new InvalidOperationException($"{work.Name}: {a.Name} with {a.Values.Length} values against {b.Name} with {b.Values.Length}");
            double apart = 0, norm = 0;
            for (var i = 0; i < a.Values.Length; i++)
            {
                var d = (double)a.Values[i] - b.Values[i];
                apart += d * d;
                norm += (double)b.Values[i] * b.Values[i];
            }
            var difference = apart == 0 ? 0 : Math.Sqrt(apart / norm);
            // NaN is no agreement either.
            if (!(difference <= work.Tolerance))
                throw new InvalidOperationException($"{work.Name}: {a.Name} differs by {difference:g3} of its norm, more than {work.Tolerance:g3}");
            largest = Math.Max(largest, difference);
        }
        return largest;
    }
}
