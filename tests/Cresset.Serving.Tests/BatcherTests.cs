using System.Diagnostics.Metrics;
using Cresset.Examples.Serving;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Cresset.Serving.Tests;

// A forward pass that waits until the test lets it go on, so that what comes meanwhile is known.
public sealed class BatcherTests : IDisposable
{
    readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    readonly SemaphoreSlim entered = new(0), go = new(0);
    readonly List<int> batches = [];

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        services.Dispose();
        entered.Dispose();
        go.Dispose();
    }

    Batcher<int, int> Create(int most = 32, int queue = 256, Func<int, int>? compute = null)
    {
        var metrics = new ServingMetrics(services.GetRequiredService<IMeterFactory>());
        return new((inputs) =>
        {
            lock (batches) batches.Add(inputs.Count);
            entered.Release();
            go.Wait(Stop);
            return [.. inputs.Select(compute ?? (x => x * x))];
        }, Options.Create(new ModelOptions { MaxBatchSize = most, QueueLength = queue }), metrics, NullLogger<Batcher<int, int>>.Instance);
    }

    [Fact]
    public async Task What_comes_during_a_pass_goes_together_in_the_next_and_each_gets_its_own_answer()
    {
        var batcher = Create(most: 6);
        await batcher.StartAsync(Stop);
        var first = batcher.PredictAsync(1, Stop);
        await entered.WaitAsync(Stop);
        Task<int>[] others = [.. Enumerable.Range(2, 9).Select(i => batcher.PredictAsync(i, Stop))];
        go.Release(3);
        Assert.Equal(1, await first);
        Assert.Equal(Enumerable.Range(2, 9).Select(i => i * i), await Task.WhenAll(others));
        Assert.Equal([1, 6, 3], batches);
        await batcher.StopAsync(Stop);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_takes_requests_again_later()
    {
        var batcher = Create(queue: 2);
        await batcher.StartAsync(Stop);
        var first = batcher.PredictAsync(1, Stop);
        await entered.WaitAsync(Stop);
        Task<int> second = batcher.PredictAsync(2, Stop), third = batcher.PredictAsync(3, Stop);
        var busy = await Assert.ThrowsAsync<BusyException>(() => batcher.PredictAsync(4, Stop));
        Assert.Contains("2 requests wait already", busy.Message, StringComparison.Ordinal);
        go.Release(3);
        Assert.Equal((1, 4, 9), (await first, await second, await third));
        Assert.Equal(25, await batcher.PredictAsync(5, Stop));
        await batcher.StopAsync(Stop);
    }

    [Fact]
    public async Task Stopping_answers_what_was_accepted_and_takes_no_more()
    {
        var batcher = Create();
        await batcher.StartAsync(Stop);
        Assert.True(batcher.IsRunning);
        var first = batcher.PredictAsync(1, Stop);
        await entered.WaitAsync(Stop);
        var second = batcher.PredictAsync(2, Stop);
        var stopped = batcher.StopAsync(Stop);
        Assert.False(batcher.IsRunning);
        await Assert.ThrowsAsync<BusyException>(() => batcher.PredictAsync(3, Stop));
        Assert.False(stopped.IsCompleted);
        go.Release(2);
        await stopped;
        Assert.Equal((1, 4), (await first, await second));
    }

    [Fact]
    public async Task Out_of_time_to_shut_down_who_waits_is_told()
    {
        var batcher = Create();
        await batcher.StartAsync(Stop);
        var first = batcher.PredictAsync(1, Stop);
        await entered.WaitAsync(Stop);
        var second = batcher.PredictAsync(2, Stop);
        await batcher.StopAsync(new CancellationToken(canceled: true));
        await Assert.ThrowsAsync<BusyException>(() => second);
        go.Release();
        Assert.Equal(1, await first);
    }

    [Fact]
    public async Task A_pass_that_fails_fails_for_those_who_asked_and_no_others()
    {
        var batcher = Create(most: 1, compute: x => x == 2 ? throw new InvalidOperationException("no twos") : x);
        await batcher.StartAsync(Stop);
        go.Release(3);
        Task<int>[] asked = [batcher.PredictAsync(1, Stop), batcher.PredictAsync(2, Stop), batcher.PredictAsync(3, Stop)];
        Assert.Equal(1, await asked[0]);
        Assert.Equal("no twos", (await Assert.ThrowsAsync<InvalidOperationException>(() => asked[1])).Message);
        Assert.Equal(3, await asked[2]);
        await batcher.StopAsync(Stop);
    }

    [Fact]
    public async Task Who_has_gone_away_is_not_computed()
    {
        var batcher = Create();
        await batcher.StartAsync(Stop);
        var first = batcher.PredictAsync(1, Stop);
        await entered.WaitAsync(Stop);
        using var gone = new CancellationTokenSource();
        Task<int> second = batcher.PredictAsync(2, gone.Token), third = batcher.PredictAsync(3, Stop);
        await gone.CancelAsync();
        go.Release(2);
        await Assert.ThrowsAsync<TaskCanceledException>(() => second);
        Assert.Equal((1, 9), (await first, await third));
        Assert.Equal([1, 1], batches);
        await batcher.StopAsync(Stop);
    }
}
