using Cresset.Data;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Training;
using Xunit;

namespace Cresset.Tests.Training;

public class ClassicMistakesTests
{
    static readonly Generator Generator = new(1);

    // Three clouds around the corners of a triangle.
    static TensorDataset Clouds(Func<Tensor, Tensor>? features = null, Func<Tensor, Tensor>? labels = null)
    {
        var label = Tensor.Arange(90) % 3;
        var corner = Tensor.From([0f, 1, -1, -1, 1, -1], [3, 2]).IndexSelect(0, label);
        var point = corner + Tensor.Randn([90, 2], generator: Generator) * 0.1;
        return new TensorDataset(features?.Invoke(point) ?? point, labels?.Invoke(label) ?? label);
    }

    static List<string> WarningsOf(Module model, Loss criterion, TensorDataset data, double lr = 0.1, int epochs = 3, IEnumerable<Parameter>? parameters = null, bool inputsAreIndices = false)
    {
        var warnings = new List<string>();
        var trainer = new Trainer(model, new Sgd(parameters ?? model.Parameters(), lr), criterion, callbacks: new ClassicMistakes(warnings.Add, inputsAreIndices));
        trainer.Fit(new DataLoader(data, batchSize: 9, shuffle: true, seed: 2), epochs, cancellation: TestContext.Current.CancellationToken);
        return warnings;
    }

    static Sequential Model(Module? end = null, int classes = 3) => end is null ? new(new Linear(2, classes)) : new(new Linear(2, classes), end);

    [Fact]
    public void A_sound_training_is_not_warned_of()
    {
        Assert.Empty(WarningsOf(Model(), new CrossEntropyLoss(), Clouds()));
        Assert.Empty(WarningsOf(Model(new LogSoftmax(1)), new NllLoss(), Clouds()));
        Assert.Empty(WarningsOf(new Linear(2, 1), new MseLoss(), new TensorDataset(Tensor.Randn([60, 2]), Tensor.Randn([60, 1]) + 3)));
        // Many epochs: that a loss which has come down stays down is no mistake.
        Assert.Empty(WarningsOf(Model(), new CrossEntropyLoss(), Clouds(), epochs: 60));
    }

    [Fact]
    public void Softmax_before_cross_entropy_is_told() =>
        Assert.Contains("leave out the softmax", Assert.Single(WarningsOf(Model(new Softmax(1)), new CrossEntropyLoss(), Clouds())), StringComparison.Ordinal);

    [Fact]
    public void Logits_before_nll_are_told() =>
        Assert.Contains("end the model with LogSoftmax", WarningsOf(Model(), new NllLoss(), Clouds(), lr: 1e-3)[0], StringComparison.Ordinal);

    [Fact]
    public void Labels_from_1_are_told()
    {
        var warnings = WarningsOf(Model(classes: 4), new CrossEntropyLoss(), Clouds(labels: label => label + 1));
        Assert.Contains("class 0 of 4 never occurs", Assert.Single(warnings), StringComparison.Ordinal);
        // With one class less the loss refuses them.
        var refused = Assert.Throws<ArgumentOutOfRangeException>(() => WarningsOf(Model(), new CrossEntropyLoss(), Clouds(labels: label => label + 1)));
        Assert.Contains("if labels count from 1, subtract 1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Features_that_are_not_scaled_are_told_with_the_column()
    {
        var salaries = Clouds(features: points => Tensor.Cat([points, points.Narrow(1, 0, 1) * 20000 + 50000], 1));
        var warnings = WarningsOf(new Linear(3, 3), new CrossEntropyLoss(), salaries, lr: 1e-9, epochs: 1);
        Assert.Contains("feature 2 has a root mean square of 5", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Empty(WarningsOf(new Linear(3, 3), new CrossEntropyLoss(), salaries, lr: 1e-9, epochs: 1, inputsAreIndices: true));
    }

    [Theory]
    [InlineData(1e-7)]
    [InlineData(0.1)]
    public void A_loss_that_does_not_move_is_told(double rate)
    {
        // By a rate far too small; by inputs that say nothing.
        var data = rate < 1e-3 ? Clouds() : Clouds(features: points => points * 0);
        var model = Model();
        Init.Zeros(((Linear)model[0]).Bias!);
        Assert.Contains("the loss does not move", Assert.Single(WarningsOf(model, new CrossEntropyLoss(), data, rate)), StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_that_the_optimizer_lacks_are_told()
    {
        var model = new Sequential(new Linear(2, 5), new Linear(5, 3));
        var warnings = WarningsOf(model, new CrossEntropyLoss(), Clouds(), parameters: model[1].Parameters());
        Assert.Contains("2 of the model's parameters, such as 0.weight", Assert.Single(warnings), StringComparison.Ordinal);
        foreach (var frozen in model[0].Parameters()) frozen.RequiresGrad = false;
        Assert.Empty(WarningsOf(model, new CrossEntropyLoss(), Clouds(), parameters: model[1].Parameters()));
    }
}
