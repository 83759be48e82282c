using Cresset.Optim;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Optim;

public class OptimizerReferenceTests
{
    static readonly string[] Elementwise = ["SGD", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "RMSprop", "Rprop"];

    public static TheoryData<string, string, bool> Cases()
    {
        var data = new TheoryData<string, string, bool>();
        foreach (var c in ReferenceFile.Load("optimizers").Cases.Where(c => c.Operator != "LBFGS"))
        {
            data.Add(c.Operator, c.Name, true);
            data.Add(c.Operator, c.Name, false);
        }
        return data;
    }

    public static TheoryData<string> LbfgsCases() => [.. ReferenceFile.Load("optimizers").Of("LBFGS").Select(c => c.Name)];

    [Fact]
    public void Every_optimizer_has_cases()
    {
        foreach (var name in Elementwise) Assert.True(ReferenceFile.Load("optimizers").Of(name).Count >= 5, name);
    }

    static Optimizer Make(ReferenceCase c, Tensor[] parameters)
    {
        var a = c.Arguments;
        var rates = a.Has("groupLr") ? a.Doubles("groupLr") : null;
        double Lr(int g) => rates is null ? a.Double("lr") : rates[g];
        List<ParameterGroup<T>> Groups<T>(Func<double, T> options) where T : OptimizerOptions => rates is null
            ? [new(parameters, options(Lr(0)))]
            : [new([parameters[0]], options(rates[0])), new([parameters[1]], options(rates[1]))];
        double N(string name, double absent) => a.Double(name, absent);
        double Of(string name, int i, double absent) => a.Has(name) ? a.Doubles(name)[i] : absent;
        var maximize = a.Bool("maximize", false);
        return c.Operator switch
        {
            "SGD" => new Sgd(Groups(lr => new SgdOptions { Lr = lr, Momentum = N("momentum", 0), Dampening = N("dampening", 0), WeightDecay = N("weightDecay", 0), Nesterov = a.Bool("nesterov", false), Maximize = maximize })),
            "Adagrad" => new Adagrad(Groups(lr => new AdagradOptions { Lr = lr, LrDecay = N("lrDecay", 0), WeightDecay = N("weightDecay", 0), InitialAccumulatorValue = N("initialAccumulatorValue", 0), Eps = N("eps", 1e-10), Maximize = maximize })),
            // One group: the constructor with PyTorch's defaults, where the case does not say otherwise.
            "Adam" when rates is null => new Adam(parameters, Lr(0), Of("betas", 0, 0.9), Of("betas", 1, 0.999), N("eps", 1e-8), N("weightDecay", 0), a.Bool("amsgrad", false), maximize),
            "Adam" => new Adam(Groups(lr => new AdamOptions { Lr = lr })),
            "AdamW" when rates is null && !a.Has("weightDecay") => new AdamW(parameters, Lr(0), Of("betas", 0, 0.9), Of("betas", 1, 0.999), amsgrad: a.Bool("amsgrad", false), maximize: maximize),
            "AdamW" => new AdamW(Groups(lr => new AdamOptions { Lr = lr, WeightDecay = N("weightDecay", 1e-2) })),
            "Adamax" => new Adamax(Groups(lr => new AdamaxOptions { Lr = lr, Beta1 = Of("betas", 0, 0.9), Beta2 = Of("betas", 1, 0.999), Eps = N("eps", 1e-8), WeightDecay = N("weightDecay", 0), Maximize = maximize })),
            "ASGD" => new Asgd(Groups(lr => new AsgdOptions { Lr = lr, Lambd = N("lambd", 1e-4), Alpha = N("alpha", 0.75), T0 = N("t0", 1e6), WeightDecay = N("weightDecay", 0), Maximize = maximize })),
            "RMSprop" => new RmsProp(Groups(lr => new RmsPropOptions { Lr = lr, Alpha = N("alpha", 0.99), Eps = N("eps", 1e-8), WeightDecay = N("weightDecay", 0), Momentum = N("momentum", 0), Centered = a.Bool("centered", false), Maximize = maximize })),
            "Rprop" => new Rprop(Groups(lr => new RpropOptions { Lr = lr, EtaMinus = Of("etas", 0, 0.5), EtaPlus = Of("etas", 1, 1.2), MinStep = Of("stepSizes", 0, 1e-6), MaxStep = Of("stepSizes", 1, 50), Maximize = maximize })),
            _ => throw new InvalidOperationException(c.Operator),
        };
    }

    static Tensor Parameter(ReferenceTensor from, DType dtype) =>
        new Func<Tensor, Tensor>(t => { t.RequiresGrad = true; return t; })(Tensor.From(from.Data, (Shape)from.Shape).To(dtype));

    static void AssertClose(ReferenceTensor expected, int row, Tensor actual, double tolerance, string where)
    {
        var values = actual.Detach().To(DType.Float64).ToArray<double>();
        for (var i = 0; i < values.Length; i++)
        {
            var e = expected.Data[row * values.Length + i];
            Assert.True(Math.Abs(e - values[i]) <= tolerance * Math.Max(1, Math.Abs(e)), $"{where}, step {row}, element {i}: expected {e}, got {values[i]}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Trajectories_are_PyTorchs(string kind, string name, bool isDouble)
    {
        var c = ReferenceFile.Load("optimizers").Case(kind, name);
        var dtype = isDouble ? DType.Float64 : DType.Float32;
        var tolerance = isDouble ? 1e-10 : 2e-5;
        string[] names = ["weight", "bias"];
        Tensor[] parameters = [.. names.Select(n => Parameter(c.Inputs[n], dtype))];
        var optimizer = Make(c, parameters);
        for (var step = 0; step < c.Arguments.Int("steps"); step++)
        {
            for (var k = 0; k < 2; k++)
            {
                var count = parameters[k].ElementCount;
                parameters[k].Grad = Tensor.From(c.Inputs[names[k] + ".grad"].Data.AsSpan(step * count, count), parameters[k].Shape).To(dtype);
            }
            optimizer.Step();
            for (var k = 0; k < 2; k++)
            {
                AssertClose(c.Outputs[names[k]], step, parameters[k], tolerance, $"{c} {names[k]}");
                if (optimizer is Asgd asgd && c.Outputs.TryGetValue(names[k] + ".ax", out var average)) AssertClose(average, step, asgd.StateOf(parameters[k])![0]!, tolerance, $"{c} {names[k]}.ax");
            }
        }
    }

    // Loss and gradient of the objectives of tests/reference/README.md, in plain double.
    static double Objective(string name, double[] z, double[] g)
    {
        Array.Clear(g);
        double loss = 0;
        if (name == "rosenbrock")
        {
            for (var k = 0; k + 1 < z.Length; k++)
            {
                var d = z[k + 1] - z[k] * z[k];
                loss += 100 * d * d + (1 - z[k]) * (1 - z[k]);
                g[k + 1] += 200 * d;
                g[k] += -400 * d * z[k] - 2 * (1 - z[k]);
            }
            return loss;
        }
        for (var k = 0; k < z.Length; k++)
        {
            var total = 1 + Math.Exp(z[k]) + Math.Exp(-2 * z[k]);
            loss += Math.Log(total) + z[k] * z[k] / 20;
            g[k] = (Math.Exp(z[k]) - 2 * Math.Exp(-2 * z[k])) / total + z[k] / 10;
        }
        return loss;
    }

    [Theory]
    [MemberData(nameof(LbfgsCases))]
    public void Lbfgs_steps_are_PyTorchs(string name)
    {
        var c = ReferenceFile.Load("optimizers").Case("LBFGS", name);
        var a = c.Arguments;
        Tensor x = Parameter(c.Inputs["weight"], DType.Float64), y = Parameter(c.Inputs["bias"], DType.Float64);
        var optimizer = new Lbfgs([x, y], a.Double("lr"), a.Int("maxIter"), a.Has("maxEval") ? a.Int("maxEval") : null,
            a.Double("toleranceGrad", 1e-7), a.Double("toleranceChange", 1e-9), a.Int("historySize", 100), a.Has("lineSearchFn"));
        var evaluations = 0;
        Tensor Closure()
        {
            evaluations++;
            var g = new double[10];
            var loss = Objective(a.String("objective"), [.. x.Detach().ToArray<double>(), .. y.Detach().ToArray<double>()], g);
            x.Grad = Tensor.From(g[..6], x.Shape);
            y.Grad = Tensor.From(g[6..], y.Shape);
            return Tensor.From(loss, DType.Float64);
        }
        for (var step = 0; step < a.Int("steps"); step++)
        {
            var loss = optimizer.Step(Closure);
            AssertClose(c.Outputs["loss"], step, loss, 1e-7, $"{name} loss");
            AssertClose(c.Outputs["weight"], step, x, 1e-7, $"{name} weight");
            AssertClose(c.Outputs["bias"], step, y, 1e-7, $"{name} bias");
            Assert.Equal(c.Outputs["evaluations"].Data[step], evaluations);
        }
    }
}
