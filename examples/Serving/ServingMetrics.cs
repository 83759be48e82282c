using System.Diagnostics.Metrics;
using Prometheus;

namespace Cresset.Examples.Serving;

/// <summary>What the service measures of itself (System.Diagnostics.Metrics), and its page for Prometheus, which also shows
/// ASP.NET Core's own figures of requests.</summary>
sealed class ServingMetrics : IDisposable
{
    public const string MeterName = "Cresset.Serving";

    readonly Counter<long> rejected;
    readonly UpDownCounter<long> waiting;
    readonly Histogram<long> batchSize;
    readonly Histogram<double> computing, queued;
    readonly IDisposable adapter;

    public ServingMetrics(IMeterFactory factory)
    {
        // Before the first instrument, so that it sees them all. Other hosts in this process have other factories.
        adapter = MeterAdapter.StartListening(new MeterAdapterOptions
        {
            // The first alone would hold the adapter's own figures only.
            Registry = Registry,
            MetricFactory = Prometheus.Metrics.WithCustomRegistry(Registry),
            InstrumentFilterPredicate = instrument => ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Meter.Name is MeterName or "Microsoft.AspNetCore.Hosting",
            ResolveHistogramBuckets = instrument => instrument.Unit == "s" ? Prometheus.Histogram.ExponentialBuckets(0.0005, 2, 14) : Prometheus.Histogram.PowersOfTenDividedBuckets(0, 3, 10),
        });
        var meter = factory.Create(MeterName);
        rejected = meter.CreateCounter<long>("rejected", description: "Requests that found no room");
        waiting = meter.CreateUpDownCounter<long>("waiting", description: "Requests that wait for a forward pass");
        batchSize = meter.CreateHistogram<long>("batch_size", description: "Requests in a forward pass");
        computing = meter.CreateHistogram<double>("forward", "s", "Time of a forward pass");
        queued = meter.CreateHistogram<double>("queued", "s", "Time that a request waited for its forward pass");
    }

    /// <summary>What Prometheus reads.</summary>
    public CollectorRegistry Registry { get; } = Prometheus.Metrics.NewCustomRegistry();

    public void Enqueued() => waiting.Add(1);

    public void Dequeued(TimeSpan time)
    {
        waiting.Add(-1);
        queued.Record(time.TotalSeconds);
    }

    public void Rejected() => rejected.Add(1);

    public void Computed(int count, TimeSpan time)
    {
        batchSize.Record(count);
        computing.Record(time.TotalSeconds);
    }

    public void Dispose() => adapter.Dispose();
}
