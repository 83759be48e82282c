using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace Cresset.Examples.Serving;

/// <summary>Computes the outputs of several inputs at once, in their order.</summary>
delegate IReadOnlyList<TOutput> Forward<TInput, TOutput>(IReadOnlyList<TInput> inputs);

/// <summary>No room for a request now.</summary>
sealed class BusyException(string message) : Exception(message);

/// <summary>Brings requests that come one by one together: waits for the first, takes what else is there (or comes within the delay) up
/// to the largest batch, computes all in one forward pass and answers each. One pass runs at a time; it has all cores.</summary>
sealed partial class Batcher<TInput, TOutput>(Forward<TInput, TOutput> forward, IOptions<ModelOptions> options, ServingMetrics metrics, ILogger<Batcher<TInput, TOutput>> logger)
    : IHostedService
{
    sealed record Request(TInput Input, CancellationToken Cancellation)
    {
        public long Start { get; } = Stopwatch.GetTimestamp();

        // Who waits goes on elsewhere than in the loop.
        public TaskCompletionSource<TOutput> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    readonly ModelOptions options = options.Value;
    readonly Channel<Request> queue = Channel.CreateBounded<Request>(new BoundedChannelOptions(options.Value.QueueLength) { SingleReader = true });
    Task loop = Task.CompletedTask;
    volatile bool running;

    /// <summary>Whether requests are taken.</summary>
    public bool IsRunning => running;

    /// <summary>The output for one input.</summary>
    /// <exception cref="BusyException">The queue is full, or the service is stopping.</exception>
    public Task<TOutput> PredictAsync(TInput input, CancellationToken cancellation = default)
    {
        var request = new Request(input, cancellation);
        if (queue.Writer.TryWrite(request))
        {
            metrics.Enqueued();
            return request.Answer.Task;
        }
        metrics.Rejected();
        throw new BusyException(running ? $"{options.QueueLength} requests wait already" : "the service is stopping");
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        loop = Task.Run(RunAsync, CancellationToken.None);
        running = true;
        return Task.CompletedTask;
    }

    /// <summary>Takes no more requests and answers those that wait, for as long as the host's time to shut down lasts.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        running = false;
        queue.Writer.TryComplete();
        LogStopping(queue.Reader.Count);
        await loop.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Out of time: who still waits must not wait for ever.
        while (queue.Reader.TryRead(out var request)) request.Answer.TrySetException(new BusyException("the service is stopping"));
    }

    async Task RunAsync()
    {
        var batch = new List<Request>(options.MaxBatchSize);
        while (await queue.Reader.WaitToReadAsync())
        {
            await CollectAsync(batch);
            if (batch.Count > 0) Answer(batch);
            batch.Clear();
        }
    }

    async Task CollectAsync(List<Request> batch)
    {
        using var patience = options.MaxDelay > TimeSpan.Zero ? new CancellationTokenSource(options.MaxDelay) : null;
        while (batch.Count < options.MaxBatchSize)
        {
            if (queue.Reader.TryRead(out var request))
            {
                metrics.Dequeued(Stopwatch.GetElapsedTime(request.Start));
                // Nobody waits for this one any more.
                if (request.Cancellation.IsCancellationRequested) request.Answer.TrySetCanceled(request.Cancellation);
                else batch.Add(request);
                continue;
            }
            if (patience is null || batch.Count == 0) return;
            try
            {
                if (!await queue.Reader.WaitToReadAsync(patience.Token)) return;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    void Answer(List<Request> batch)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            var outputs = forward([.. batch.Select(request => request.Input)]);
            if (outputs.Count != batch.Count) throw new InvalidOperationException($"the model gave {outputs.Count} outputs for {batch.Count} inputs");
            for (var i = 0; i < batch.Count; i++) batch[i].Answer.TrySetResult(outputs[i]);
        }
#pragma warning disable CA1031 // Whatever a forward pass throws belongs to those who asked; the next batch is not to suffer.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogFailed(error, batch.Count);
            foreach (var request in batch) request.Answer.TrySetException(error);
        }
        var time = Stopwatch.GetElapsedTime(start);
        metrics.Computed(batch.Count, time);
        LogComputed(batch.Count, time.TotalMilliseconds);
    }

    [LoggerMessage(LogLevel.Debug, "{Count} requests in one forward pass of {Milliseconds:F2} ms")]
    partial void LogComputed(int count, double milliseconds);

    [LoggerMessage(LogLevel.Error, "The forward pass of {Count} requests failed")]
    partial void LogFailed(Exception error, int count);

    [LoggerMessage(LogLevel.Information, "Stopping: {Count} requests wait and are answered first")]
    partial void LogStopping(int count);
}
