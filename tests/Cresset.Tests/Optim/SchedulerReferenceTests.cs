using Cresset.Optim;
using Cresset.Optim.Schedulers;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Optim;

public class SchedulerReferenceTests
{
    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var c in ReferenceFile.Load("schedulers").Cases) data.Add(c.Operator, c.Name);
        return data;
    }

    static Tensor Parameter()
    {
        var parameter = Tensor.Zeros([1]);
        parameter.RequiresGrad = true;
        return parameter;
    }

    internal static Scheduler Make(ReferenceCase c, Optimizer optimizer)
    {
        var a = c.Arguments;
        return c.Operator switch
        {
            "StepLR" => new StepLr(optimizer, a.Int("stepSize"), a.Double("gamma", 0.1)),
            "MultiStepLR" => new MultiStepLr(optimizer, a.Ints("milestones"), a.Double("gamma", 0.1)),
            "ExponentialLR" => new ExponentialLr(optimizer, a.Double("gamma")),
            "CosineAnnealingLR" => new CosineAnnealingLr(optimizer, a.Int("tMax"), a.Double("etaMin", 0)),
            "CosineAnnealingWarmRestarts" => new CosineAnnealingWarmRestarts(optimizer, a.Int("t0"), a.Int("tMult", 1), a.Double("etaMin", 0)),
            "LinearLR" => new LinearLr(optimizer, a.Double("startFactor", 1.0 / 3), a.Double("endFactor", 1), a.Int("totalIters", 5)),
            "LambdaLR" => new LambdaLr(optimizer, [.. a.Strings("lrLambda").Select<string, Func<int, double>>(
                f => f == "0.95^epoch" ? t => Math.Pow(0.95, t) : t => 1.0 / (1 + t))]),
            "OneCycleLR" => new OneCycleLr(optimizer, a.Doubles("maxLr"), a.Has("totalSteps") ? a.Int("totalSteps") : a.Int("epochs") * a.Int("stepsPerEpoch"),
                a.Double("pctStart", 0.3), a.String("annealStrategy", "cos") == "cos" ? Anneal.Cos : Anneal.Linear, a.Bool("cycleMomentum", true),
                a.Double("baseMomentum", 0.85), a.Double("maxMomentum", 0.95), a.Double("divFactor", 25), a.Double("finalDivFactor", 1e4), a.Bool("threePhase", false)),
            "ReduceLROnPlateau" => new ReduceLrOnPlateau(optimizer, a.String("mode", "min") == "min" ? PlateauMode.Min : PlateauMode.Max,
                a.Double("factor", 0.1), a.Int("patience", 10), a.Double("threshold", 1e-4),
                a.String("thresholdMode", "rel") == "rel" ? ThresholdMode.Rel : ThresholdMode.Abs, a.Int("cooldown", 0),
                a.Has("minLr") ? a.Doubles("minLr") : default, a.Double("eps", 1e-8)),
            _ => throw new InvalidOperationException(c.Operator),
        };
    }

    static Optimizer OptimizerOf(ReferenceCase c) => c.Arguments.String("optimizer", "SGD") == "Adam"
        ? new Adam(c.Inputs["lr"].Data.Select(lr => new ParameterGroup<AdamOptions>([Parameter()], new AdamOptions { Lr = lr })))
        : new Sgd(c.Inputs["lr"].Data.Select(lr => new ParameterGroup<SgdOptions>([Parameter()], new SgdOptions { Lr = lr, Momentum = c.Arguments.Double("momentum", 0) })));

    static void Step(Scheduler scheduler, ReferenceCase c, int step)
    {
        if (scheduler is ReduceLrOnPlateau plateau) plateau.Step(c.Inputs["metrics"].Data[step]);
        else ((StepScheduler)scheduler).Step();
    }

    static void AssertRow(ReferenceCase c, int row, Optimizer optimizer)
    {
        var groups = optimizer.Groups;
        foreach (var (name, expected) in c.Outputs)
            for (var g = 0; g < groups.Count; g++)
            {
                var e = expected.Data[row * groups.Count + g];
                var actual = name == "lr" ? groups[g].Options.Lr : groups[g].Options.MomentumTerm!.Value;
                Assert.True(Math.Abs(e - actual) <= 1e-12 + 1e-10 * Math.Abs(e), $"{c}: {name}, step {row}, group {g}: expected {e}, got {actual}");
            }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rates_are_PyTorchs(string kind, string name)
    {
        var c = ReferenceFile.Load("schedulers").Case(kind, name);
        var optimizer = OptimizerOf(c);
        var scheduler = Make(c, optimizer);
        AssertRow(c, 0, optimizer);
        for (var step = 0; step < c.Arguments.Int("steps"); step++)
        {
            Step(scheduler, c, step);
            AssertRow(c, step + 1, optimizer);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_saved_state_goes_on_as_PyTorch_does(string kind, string name)
    {
        var c = ReferenceFile.Load("schedulers").Case(kind, name);
        var before = OptimizerOf(c);
        var stopped = Make(c, before);
        var half = c.Arguments.Int("steps") / 2;
        for (var step = 0; step < half; step++) Step(stopped, c, step);

        var optimizer = OptimizerOf(c);
        var scheduler = Make(c, optimizer);
        optimizer.LoadStateDict(before.StateDict());
        scheduler.LoadStateDict(stopped.StateDict());
        for (var step = half; step < c.Arguments.Int("steps"); step++)
        {
            Step(scheduler, c, step);
            AssertRow(c, step + 1, optimizer);
        }
    }

    [Fact]
    public void A_sequence_counts_each_schedule_from_its_own_start()
    {
        var optimizer = new Sgd([Parameter()], lr: 1);
        var warmUp = new LinearLr(optimizer, startFactor: 0.5, totalIters: 2);
        var scheduler = new SequentialLr(optimizer, [warmUp, new ExponentialLr(optimizer, 0.5)], [2]);
        var rates = new List<double> { optimizer.Groups[0].Options.Lr };
        for (var i = 0; i < 4; i++)
        {
            scheduler.Step();
            rates.Add(optimizer.Groups[0].Options.Lr);
        }
        Assert.Equal([0.5, 0.75, 1, 0.5, 0.25], rates);
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        var optimizer = new Adagrad([Parameter()]);
        Assert.Contains("StepLr: expected stepSize above 0, got 0", Assert.Throws<ArgumentOutOfRangeException>(() => new StepLr(optimizer, 0)).Message);
        Assert.Contains("factor in (0, 1), got 1.5", Assert.Throws<ArgumentOutOfRangeException>(() => new ReduceLrOnPlateau(optimizer, factor: 1.5)).Message);
        Assert.Contains("got Adagrad", Assert.Throws<ArgumentException>(() => new OneCycleLr(optimizer, 0.1, 10)).Message);
        Assert.Contains("expected maxLr once or for each of the 1 groups", Assert.Throws<ArgumentException>(() => new OneCycleLr(optimizer, [0.1, 0.2], 10, cycleMomentum: false)).Message);
    }
}
