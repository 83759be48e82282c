using Cresset.Optim;
using Cresset.Optim.Schedulers;
using Cresset.Tests.Kernels;
using Xunit;

namespace Cresset.Tests.Optim;

[Collection(nameof(GlobalSettings))]
public class OptimizerTests
{
    static Tensor Parameter(params double[] values)
    {
        var parameter = Tensor.From(values);
        parameter.RequiresGrad = true;
        return parameter;
    }

    static readonly (string Name, Func<Tensor[], Optimizer> Make)[] All =
    [
        ("Sgd", p => new Sgd(p, 0.1, momentum: 0.9)),
        ("Adagrad", p => new Adagrad(p, lrDecay: 0.1)),
        ("Adam", p => new Adam(p, 0.1, amsgrad: true)),
        ("AdamW", p => new AdamW(p, 0.1)),
        ("Adamax", p => new Adamax(p)),
        ("Asgd", p => new Asgd(p, lambd: 0.1, t0: 3)),
        ("RmsProp", p => new RmsProp(p, centered: true, momentum: 0.5)),
        ("Rprop", p => new Rprop(p)),
        ("Lbfgs", p => new Lbfgs(p, 0.5, maxIter: 3, historySize: 3)),
    ];

    public static TheoryData<string> Names() => [.. All.Select(o => o.Name)];

    static Optimizer Make(string name, params Tensor[] parameters) => All.Single(o => o.Name == name).Make(parameters);

    // sum (p - target)^4 / 4 + p^2: not quadratic, so that every step differs.
    static void Train(Optimizer optimizer, Tensor parameter, int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            optimizer.Step(() =>
            {
                optimizer.ZeroGrad();
                var d = parameter - 3;
                var loss = (d * d * d * d * 0.25 + parameter * parameter).Sum();
                loss.Backward();
                return loss;
            });
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_saved_state_goes_on_bit_for_bit(string name)
    {
        var whole = Parameter(1, -2, 0.5);
        var uninterrupted = Make(name, whole);
        Train(uninterrupted, whole, 4);
        var saved = uninterrupted.StateDict();
        var resumed = Parameter(whole.Detach().ToArray<double>());
        Train(uninterrupted, whole, 6);

        var other = Make(name, resumed);
        other.Groups[0].Options.Lr *= 3;
        other.LoadStateDict(saved);
        Train(other, resumed, 6);
        Assert.Equal(whole.Detach().ToArray<double>(), resumed.Detach().ToArray<double>());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void States_of_other_optimizers_and_shapes_are_refused_and_change_nothing(string name)
    {
        var p = Parameter(1, 2);
        var own = Make(name, p);
        Train(own, p, 2);
        var before = own.StateDict();
        foreach (var (otherName, make) in All)
        {
            if (otherName == name || (name is "Adam" or "AdamW" && otherName is "Adam" or "AdamW")) continue;
            var q = Parameter(1, 2);
            var other = make([q]);
            Train(other, q, 2);
            var error = Assert.Throws<ArgumentException>(() => own.LoadStateDict(other.StateDict()));
            Assert.Contains("LoadStateDict", error.Message);
        }
        var longer = Parameter(1, 2, 3);
        var larger = Make(name, longer);
        Train(larger, longer, 2);
        Assert.Contains("[3]", Assert.Throws<ArgumentException>(() => own.LoadStateDict(larger.StateDict())).Message);
        var after = own.StateDict();
        Assert.Equal(before.Numbers, after.Numbers);
        foreach (var (key, tensor) in before.Tensors) Assert.Equal(tensor.ToArray<double>(), after.Tensors[key].ToArray<double>());
    }

    [Fact]
    public void A_number_or_tensor_that_nobody_knows_is_named()
    {
        var p = Parameter(1, 2);
        var sgd = new Sgd([p], 0.1, momentum: 0.9);
        Train(sgd, p, 1);
        var state = sgd.StateDict();
        state.Tensors["state.7.exp_avg"] = Tensor.Zeros([2]);
        Assert.Contains("state.7.exp_avg", Assert.Throws<ArgumentException>(() => sgd.LoadStateDict(state)).Message);
        state = sgd.StateDict();
        state.Numbers["group.0.eps"] = 1;
        Assert.Contains("group.0.eps", Assert.Throws<ArgumentException>(() => sgd.LoadStateDict(state)).Message);
        state = sgd.StateDict();
        state.Numbers["group.0.momentum"] = double.NaN;
        Assert.Contains("momentum", Assert.ThrowsAny<ArgumentException>(() => sgd.LoadStateDict(state)).Message);
        Assert.Equal(0.9, sgd.Groups[0].Options.Momentum);
        state = sgd.StateDict();
        state.Numbers.Remove("group.0.momentum");
        Assert.Contains("group.0.momentum", Assert.Throws<ArgumentException>(() => sgd.LoadStateDict(state)).Message);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parameters_and_gradients_need_not_be_contiguous(string name)
    {
        var values = Enumerable.Range(0, 12).Select(i => Math.Sin(i)).ToArray();
        var plain = Tensor.From(values, [3, 4]);
        var strided = Tensor.From(plain.T.ToArray<double>(), [4, 3]).T;
        Assert.False(strided.IsContiguous);
        plain.RequiresGrad = strided.RequiresGrad = true;
        Train(Make(name, plain), plain, 3);
        var optimizer = Make(name, strided);
        Train(optimizer, strided, 2);
        optimizer.Step(() =>
        {
            var x = strided.Detach();
            x.RequiresGrad = true;
            var d = x - 3;
            var loss = (d * d * d * d * 0.25 + x * x).Sum();
            loss.Backward();
            strided.Grad = x.Grad!.T.Contiguous().T;
            return loss;
        });
        Assert.Equal(plain.Detach().ToArray<double>(), strided.Detach().ToArray<double>());
    }

    [Fact]
    public void Parameters_without_a_gradient_stay()
    {
        Tensor moving = Parameter(1), frozen = Parameter(5);
        var optimizer = new AdamW([moving, frozen], 0.1);
        frozen.RequiresGrad = false;
        (moving * frozen).Sum().Backward();
        optimizer.Step();
        Assert.Equal(5, frozen.Item());
        Assert.Equal(0.899, moving.Item(), 1e-6);
        Assert.Null(optimizer.StateOf(frozen));
    }

    [Fact]
    public void Backward_through_a_graph_older_than_the_step_is_an_error()
    {
        var p = Parameter(2);
        var loss = (p * p).Sum();
        var optimizer = new Sgd([p], 0.1);
        loss.Backward(retainGraph: true);
        optimizer.Step();
        Assert.Throws<InvalidOperationException>(() => loss.Backward());
    }

    [Fact]
    public void Zeroed_gradients_are_null_or_zeros()
    {
        var p = Parameter(2);
        var optimizer = new Sgd([p], 0.1);
        (p * p).Sum().Backward();
        optimizer.ZeroGrad(setToNull: false);
        Assert.Equal(0, p.Grad!.Item());
        optimizer.ZeroGrad();
        Assert.Null(p.Grad);
    }

    [Fact]
    public void A_group_added_later_has_its_own_rate()
    {
        Tensor a = Parameter(1), b = Parameter(1);
        var optimizer = new Sgd([a], 0.1);
        optimizer.AddParameterGroup(new([b], optimizer.Groups[0].Options with { Lr = 0.5 }));
        (a + b).Sum().Backward();
        optimizer.Step();
        Assert.Equal(0.9, a.Item(), 1e-12);
        Assert.Equal(0.5, b.Item(), 1e-12);
    }

    [Fact]
    public void Wrong_parameters_are_named()
    {
        var p = Parameter(1, 2);
        static string Error(params Tensor[] parameters) => Assert.Throws<ArgumentException>(() => new Sgd(parameters, 0.1)).Message;
        Assert.Contains("Sgd: expected at least one parameter", Error());
        Assert.Contains("parameter 1 of shape [2] was computed by Mul", Error(p, p * 2));
        Assert.Contains("parameter 0 of shape [3] does not require gradients", Error(Tensor.Zeros([3])));
        Assert.Contains("parameter 1 of shape [2] is given twice", Error(p, p));
        var expanded = Tensor.Zeros([1]).Expand(4);
        expanded.RequiresGrad = true;
        Assert.Contains("is expanded", Error(expanded));
        var adam = new Adam([p]);
        Assert.Contains("given twice", Assert.Throws<ArgumentException>(() => adam.AddParameterGroup(new([p], new AdamOptions()))).Message);
        p.Grad = Tensor.Zeros([3], DType.Float64);
        Assert.Contains("expected a gradient like its parameter, float64 [2]", Assert.Throws<InvalidOperationException>(adam.Step).Message);
        Assert.Contains("closure", Assert.Throws<InvalidOperationException>(new Lbfgs([p]).Step).Message);
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        Tensor[] p = [Parameter(1)];
        static void Expect(string text, Action make) => Assert.Contains(text, Assert.ThrowsAny<ArgumentException>(make).Message);
        Expect("Sgd: expected lr above 0, got 0", () => _ = new Sgd(p, 0));
        Expect("Adam: expected lr above 0, got NaN", () => _ = new Adam(p, double.NaN));
        Expect("Adam: expected lr above 0, got Infinity", () => _ = new Adam(p, double.PositiveInfinity));
        Expect("Adam: expected beta1 in [0, 1), got 1", () => _ = new Adam(p, beta1: 1));
        Expect("Adamax: expected beta2 in [0, 1), got -0.5", () => _ = new Adamax(p, beta2: -0.5));
        Expect("AdamW: expected weightDecay 0 or more, got -1", () => _ = new AdamW(p, weightDecay: -1));
        Expect("nesterov expects a momentum above 0", () => _ = new Sgd(p, 0.1, nesterov: true));
        Expect("Adagrad: expected eps 0 or more", () => _ = new Adagrad(p, eps: -1));
        Expect("RmsProp: expected momentum 0 or more", () => _ = new RmsProp(p, momentum: -1));
        Expect("Rprop: expected etaMinus in (0, 1), got 1.5", () => _ = new Rprop(p, etaMinus: 1.5));
        Expect("Asgd: expected lambd finite, got NaN", () => _ = new Asgd(p, lambd: double.NaN));
        Expect("Lbfgs: expected maxIter above 0, got 0", () => _ = new Lbfgs(p, maxIter: 0));
    }

    [Fact]
    public void Lbfgs_finds_the_minimum_of_Rosenbrocks_function()
    {
        var z = Parameter(-1.2, 1);
        var optimizer = new Lbfgs([z], maxIter: 100, toleranceChange: 1e-16, strongWolfe: true);
        optimizer.Step(() =>
        {
            optimizer.ZeroGrad();
            Tensor x = z.Narrow(0, 0, 1), y = z.Narrow(0, 1, 1), d = y - x * x, e = x - 1;
            var loss = (d * d * 100 + e * e).Sum();
            loss.Backward();
            return loss;
        });
        foreach (var value in z.Detach().ToArray<double>()) Assert.Equal(1, value, 1e-6);
    }

    [Fact]
    public void A_step_allocates_nothing_once_its_state_is_made()
    {
        foreach (var (name, make) in All.Where(o => o.Name != "Lbfgs"))
        {
            Tensor[] parameters = [.. Enumerable.Range(0, 50).Select(_ => Parameter(1, 2, 3))];
            foreach (var p in parameters) p.Grad = Tensor.From([0.5, 0.25, -1.0]);
            var optimizer = make(parameters);
            for (var i = 0; i < 3; i++) optimizer.Step();
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++) optimizer.Step();
            var each = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
            Assert.True(each <= 64, $"{name}: {each} bytes a step");
        }
    }

    // Parameters of both types, many small ones and some of several chunks, one without elements, one that lies transposed.
    static Tensor[] Mixed()
    {
        var generator = new Generator(3);
        List<Tensor> parameters = [];
        for (var i = 0; i < 40; i++) parameters.Add(Tensor.Randn([1 + 37 * i], generator: generator));
        parameters.Add(Tensor.Randn([123, 45], DType.Float64, generator));
        parameters.Add(Tensor.Randn([0, 3], generator: generator));
        parameters.Add(Tensor.Randn([300, 251], generator: generator));
        parameters.Add(Tensor.Randn([90, 400], generator: generator).T);
        parameters.Add(Tensor.Randn([7], DType.Float64, generator));
        parameters.Add(Tensor.Randn([3, 5, 7, 2], generator: generator));
        foreach (var parameter in parameters) parameter.RequiresGrad = true;
        return [.. parameters];
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void All_parameters_in_one_pass_get_the_bits_that_each_gets_alone_at_any_number_of_threads(string name)
    {
        if (name == "Lbfgs") return;
        var before = Threads.Count;
        try
        {
            foreach (var threads in new[] { 1, 2, 3, 8 })
            {
                var together = Mixed();
                var optimizer = Make(name, together);
                var alone = Mixed();
                Optimizer[] optimizers = [.. alone.Select(parameter => Make(name, parameter))];
                for (var step = 0; step < 3; step++)
                {
                    var generator = new Generator((ulong)(100 + step));
                    for (var i = 0; i < alone.Length; i++)
                        alone[i].Grad = together[i].Grad = Tensor.Randn(alone[i].Shape, alone[i].DType, generator);
                    // One that takes no part.
                    alone[5].Grad = together[5].Grad = null;
                    Threads.Count = 1;
                    foreach (var one in optimizers) one.Step();
                    Threads.Count = threads;
                    optimizer.Step();
                }
                for (var i = 0; i < alone.Length; i++) Assert.Equal(alone[i].Detach().To(DType.Float64).ToArray<double>(), together[i].Detach().To(DType.Float64).ToArray<double>());
            }
        }
        finally { Threads.Count = before; }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_gradient_that_does_not_fit_stops_the_step_before_anything_changes(string name)
    {
        if (name == "Lbfgs") return;
        Tensor[] parameters = [Parameter(1, 2), Parameter(3), Parameter(4, 5)];
        var optimizer = Make(name, parameters);
        foreach (var parameter in parameters) parameter.Grad = Tensor.Ones(parameter.Shape, DType.Float64);
        optimizer.Step();
        var values = parameters.Select(parameter => parameter.Detach().ToArray<double>()).ToArray();
        var state = optimizer.StateDict();
        parameters[2].Grad = Tensor.Ones([3], DType.Float64);
        Assert.Throws<InvalidOperationException>(optimizer.Step);
        for (var i = 0; i < values.Length; i++) Assert.Equal(values[i], parameters[i].Detach().ToArray<double>());
        var after = optimizer.StateDict();
        Assert.Equal(state.Numbers, after.Numbers);
        foreach (var (key, tensor) in state.Tensors) Assert.Equal(tensor.ToArray<double>(), after.Tensors[key].ToArray<double>());
    }

    sealed class Stubborn(IEnumerable<Tensor> parameters) : ElementwiseOptimizer<SgdOptions>([new(parameters, new SgdOptions { Lr = 1 })])
    {
        internal bool Fails { get; set; }

        protected override ReadOnlySpan<string> TensorNames => [];

        protected override void Update(Tensor parameter, Tensor gradient, SgdOptions options, ParameterState state)
        {
            Run(new Minus(), parameter, gradient);
            if (Fails) throw new InvalidOperationException("stubborn");
        }

        struct Minus : Cresset.Kernels.IUpdateFunction
        {
            public readonly void Update<L>(ref L parameter, L gradient, ref L state0, ref L state1, ref L state2) where L : struct, Cresset.Kernels.ILanes<L> => parameter -= gradient;
        }
    }

    [Fact]
    public void An_optimizer_of_the_users_own_that_throws_leaves_no_step_for_the_next_time()
    {
        var parameter = Parameter(10);
        parameter.Grad = Tensor.Ones([1], DType.Float64);
        var optimizer = new Stubborn([parameter]) { Fails = true };
        Assert.Equal("stubborn", Assert.Throws<InvalidOperationException>(optimizer.Step).Message);
        Assert.Equal([10.0], parameter.Detach().ToArray<double>());
        optimizer.Fails = false;
        optimizer.Step();
        Assert.Equal([9.0], parameter.Detach().ToArray<double>());
    }
}
