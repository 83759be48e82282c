using Cresset.Data;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Tests.Kernels;
using Cresset.Training;
using Xunit;

namespace Cresset.Tests.Training;

// Dropout draws from the one generator of the process: a test beside it would draw from it too.
[Collection(nameof(GlobalSettings))]
public class LearningRateTests
{
    static DataLoader Ones(int count) => new(new TensorDataset(Tensor.Ones([count, 1], DType.Float64), Tensor.Zeros([count, 1], DType.Float64)), batchSize: 4);

    // One weight w, the loss w^2: each step multiplies w by 1 - 2 lr, and the whole test can be followed with plain numbers.
    [Theory]
    [InlineData(12, 1e-3, 10, 60)]
    [InlineData(400, 1e-4, 3, 100)]
    public void The_range_test_is_that_of_a_loop_by_hand(int samples, double lowest, double highest, int steps)
    {
        var model = new Linear(1, 1, bias: false, dtype: DType.Float64);
        Init.Constant(model.Weight, 3);
        var trainer = new Trainer(model, new Sgd(model.Parameters(), lr: 0.5), new MseLoss());

        var range = trainer.FindLearningRate(Ones(samples), lowest, highest, steps, TestContext.Current.CancellationToken);

        List<double> rates = [], losses = [];
        double w = 3, mean = 0, best = double.PositiveInfinity;
        for (var step = 0; step < steps; step++)
        {
            var rate = Math.Exp(Math.Log(lowest) + (Math.Log(highest) - Math.Log(lowest)) * step / (steps - 1));
            mean = 0.9 * mean + 0.1 * w * w;
            var smooth = mean / (1 - Math.Pow(0.9, step + 1));
            if (smooth > 4 * best) break;
            best = Math.Min(best, smooth);
            rates.Add(rate);
            losses.Add(smooth);
            w -= rate * 2 * w;
        }
        Assert.Equal(rates.Count, range.Rates.Count);
        Assert.All(rates.Zip(range.Rates), pair => Assert.Equal(pair.First, pair.Second, pair.First * 1e-9));
        Assert.All(losses.Zip(range.Losses), pair => Assert.Equal(pair.First, pair.Second, pair.First * 1e-6));
        // The loss falls at every step up to its lowest.
        var lowestLoss = losses.IndexOf(losses.Min());
        Assert.InRange(lowestLoss, 10, losses.Count - 1);
        Assert.Equal(rates[lowestLoss - (lowestLoss + 1) / 2], range.Suggestion!.Value, lowest * 1e-6);
        Assert.Equal(3, model.Weight.Item<double>());
        Assert.Equal(0.5, trainer.Optimizer.Groups[0].Options.Lr);
    }

    [Fact]
    public void A_training_after_the_search_is_one_without_it()
    {
        float[] Train(bool search)
        {
            Random.Seed(3);
            var model = new Sequential(new Linear(4, 8), new BatchNorm1d(8), new ReLU(), new Dropout(0.4), new Linear(8, 2));
            var data = new DataLoader(new TensorDataset(Tensor.Randn([40, 4]), Tensor.RandInt(0, 2, [40])), batchSize: 8, shuffle: true, seed: 5);
            var trainer = new Trainer(model, new Adam(model.Parameters(), lr: 0.01), new CrossEntropyLoss());
            trainer.Fit(data, 1, cancellation: TestContext.Current.CancellationToken);
            if (search) Assert.True(trainer.FindLearningRate(data, steps: 33, cancellation: TestContext.Current.CancellationToken).Rates.Count > 10);
            trainer.Fit(data, 2, cancellation: TestContext.Current.CancellationToken);
            return [.. model.StateDict().Values.SelectMany(t => t.To(DType.Float32).ToArray<float>())];
        }
        Assert.Equal(Train(search: false), Train(search: true));
    }

    [Fact]
    public void A_loss_that_never_falls_suggests_nothing_and_a_cancelled_search_restores_the_model()
    {
        var model = new Linear(1, 1, bias: false, dtype: DType.Float64);
        Init.Constant(model.Weight, 0);
        var trainer = new Trainer(model, new Sgd(model.Parameters(), lr: 0.5), new MseLoss());
        Assert.Null(trainer.FindLearningRate(Ones(8), cancellation: TestContext.Current.CancellationToken).Suggestion);

        Init.Constant(model.Weight, 2);
        using var stop = new CancellationTokenSource();
        IEnumerable<(Tensor, Tensor)> Batches()
        {
            foreach (var batch in Ones(40))
            {
                if (model.Weight.Item<double>() < 1) stop.Cancel();
                yield return batch;
            }
        }
        Assert.Throws<OperationCanceledException>(() => trainer.FindLearningRate(Batches(), 0.01, 1, cancellation: stop.Token));
        Assert.Equal(2, model.Weight.Item<double>());
    }

    [Fact]
    public void Ranges_that_make_no_sense_are_refused()
    {
        var model = new Linear(1, 1);
        var trainer = new Trainer(model, new Sgd(model.Parameters(), lr: 0.5), new MseLoss());
        var stop = TestContext.Current.CancellationToken;
        Assert.Throws<ArgumentOutOfRangeException>(() => trainer.FindLearningRate(Ones(8), lowest: 0, cancellation: stop));
        Assert.Throws<ArgumentOutOfRangeException>(() => trainer.FindLearningRate(Ones(8), lowest: 1, highest: 1, cancellation: stop));
        Assert.Throws<ArgumentOutOfRangeException>(() => trainer.FindLearningRate(Ones(8), steps: 19, cancellation: stop));
        Assert.Contains("at least one batch", Assert.Throws<ArgumentException>(() => trainer.FindLearningRate([], cancellation: stop)).Message, StringComparison.Ordinal);
    }
}
