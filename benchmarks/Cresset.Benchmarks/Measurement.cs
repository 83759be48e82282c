using System.Diagnostics;

namespace Cresset.Benchmarks;

/// <summary>The seconds of one library's steps and what they allocate on the managed heap.</summary>
sealed record Series(string Library, double[] Seconds, double BytesAStep)
{
    public double Best => Seconds.Min();

    public double Median => Measurement.Median(Seconds);
}

/// <summary>The largest error of a work's results: the norm of the difference from float64's, as a part of the norm.</summary>
sealed record Accuracy(double Ours, double Theirs);

/// <summary>One work on two libraries, in turn.</summary>
/// <param name="Work">What was measured.</param>
/// <param name="Ours">Cresset's steps.</param>
/// <param name="Theirs">The other library's steps.</param>
/// <param name="Accuracy">How far the results were from those of float64.</param>
sealed record Measurement(Work Work, Series Ours, Series Theirs, Accuracy Accuracy)
{
    // A sample shorter than this would measure the clock and the caches left by the other library.
    const double SampleSeconds = 0.05;
    const double WarmUpSeconds = 1.5;

    /// <summary>How many times as fast Cresset is: the median over the rounds of their time / our time.</summary>
    public double Ratio => Median([.. Ours.Seconds.Zip(Theirs.Seconds, (ours, theirs) => theirs / ours)]);

    public static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Checks that both libraries compute what <paramref name="reference"/> does in float64, then measures.</summary>
    /// <exception cref="InvalidOperationException">Cresset's results are wrong.</exception>
    public static Measurement Of(Work work, ILibrary ours, ILibrary theirs, ILibrary reference, int threads, int rounds)
    {
        using var our = ours.Prepare(work, threads);
        using var their = theirs.Prepare(work, threads);
        Accuracy accuracy;
        using (var exact = reference.Prepare(work, threads)) accuracy = Check(work, our.Results(), their.Results(), exact.Results());
        // What the check left behind is not to be collected in anyone's time.
        GC.Collect();
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
        return new(work, new(ours.Name, ourSeconds, ourBytes / count), new(theirs.Name, theirSeconds, theirBytes / count), accuracy);
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

    // Seconds a step. The other library's garbage is collected before, so that nobody pays for it; the step before the clock
    // starts brings the caches to this library's side.
    static double Sample(IRun run, int steps, int threads, ref long bytes)
    {
        // Worker threads of the other library spin for some milliseconds before they sleep.
        if (threads > 1) Thread.Sleep(50);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        run.Step();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < steps; i++) run.Step();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        bytes += GC.GetTotalAllocatedBytes(precise: true) - before;
        return seconds / steps;
    }

    // Float32 is not exact on either side, so both are held against float64: ours may err twice as much as theirs does.
    static Accuracy Check(Work work, IReadOnlyList<Result> ours, IReadOnlyList<Result> theirs, IReadOnlyList<Result> exact)
    {
        if (ours.Count != exact.Count || theirs.Count != exact.Count)
            throw new InvalidOperationException($"{work.Name}: expected {exact.Count} results, got {ours.Count} of Cresset and {theirs.Count} of the other library");
        double ourLargest = 0, theirLargest = 0;
        for (var i = 0; i < exact.Count; i++)
        {
            double our = Error(work, ours[i], exact[i]), their = Error(work, theirs[i], exact[i]);
            // Where the other library has lost its numbers, the tolerance alone says how far ours may be.
            var bound = double.IsFinite(their) ? Math.Max(work.Tolerance, 2 * their) : work.Tolerance;
            // Not a number is no agreement either.
            if (!(our <= bound))
                throw new InvalidOperationException($"{work.Name}: {exact[i].Name} is {our:g3} of its norm away from float64's, more than {bound:g3}; the other library's is {their:g3} away");
            ourLargest = Math.Max(ourLargest, our);
            theirLargest = Math.Max(theirLargest, their);
        }
        return new(ourLargest, theirLargest);
    }

    // The norm of the difference as a part of the reference's norm.
    static double Error(Work work, Result result, Result reference)
    {
        double[] a = result.Values, b = reference.Values;
        if (result.Name != reference.Name || a.Length != b.Length)
            throw new InvalidOperationException($"{work.Name}: {result.Name} with {a.Length} values against {reference.Name} with {b.Length}");
        double apart = 0, norm = 0;
        for (var i = 0; i < a.Length; i++)
        {
            apart += (a[i] - b[i]) * (a[i] - b[i]);
            norm += b[i] * b[i];
        }
        return apart == 0 ? 0 : Math.Sqrt(apart / norm);
    }
}
