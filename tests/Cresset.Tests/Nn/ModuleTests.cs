using Cresset.Nn;
using Xunit;

namespace Cresset.Tests.Nn;

public class ModuleTests
{
    class Base : Module
    {
        readonly Linear first = new(2, 2);

        public override Tensor Forward(Tensor x) => first.Forward(x);
    }

    sealed class Net : Base
    {
        readonly Parameter _scale = new(Tensor.Ones([2]));
        public Linear LayerOne { get; } = new(2, 3, bias: false);
        readonly List<Linear> blocks = [new(3, 3), new(3, 4)];
        readonly Dictionary<string, Module> heads = new() { ["left"] = new Linear(4, 1), ["right"] = new Dropout() };
        readonly Linear[] none = [];
        [StateName("weight_hh_l0")] readonly Parameter hidden = new(Tensor.Zeros([1]));
        [field: Buffer] Tensor RunningMean { get; set; } = Tensor.Zeros([2]);
        [Buffer(Persistent = false)] readonly Tensor cache = Tensor.Zeros([5]);
        readonly Tensor plain = Tensor.Zeros([7]);
        public Parameter? Absent { get; set; }

        public override Tensor Forward(Tensor x) => base.Forward(x) * _scale + plain.Sum() + cache.Sum() + hidden + (Absent ?? hidden) + none.Length + blocks.Count + heads.Count + RunningMean;
    }

    [Fact]
    public void Members_are_found_by_field_base_class_first_in_order_of_declaration()
    {
        var net = new Net();
        Assert.Equal(
            ["scale", "weight_hh_l0", "running_mean", "first.weight", "first.bias", "layer_one.weight", "blocks.0.weight", "blocks.0.bias",
                "blocks.1.weight", "blocks.1.bias", "heads.left.weight", "heads.left.bias"],
            net.StateDict().Keys);
        Assert.Equal(["running_mean", "cache"], net.NamedBuffers().Select(b => b.Name));
        Assert.Equal(["", "first", "layer_one", "blocks.0", "blocks.1", "heads.left", "heads.right"], net.NamedModules().Select(m => m.Name));
        Assert.Equal(["scale", "weight_hh_l0"], net.NamedParameters(recurse: false).Select(p => p.Name));
        Assert.Equal(2 + 1 + 6 + 6 + 12 + 16 + 5, net.Parameters().Sum(p => p.ElementCount));
    }

    [Theory]
    [InlineData("fc1", "fc1")]
    [InlineData("RunningMean", "running_mean")]
    [InlineData("layerNorm", "layer_norm")]
    [InlineData("_scale", "scale")]
    [InlineData("<Weight>k__BackingField", "weight")]
    [InlineData("<inner>P", "inner")]
    [InlineData("HTTPHead", "http_head")]
    [InlineData("conv2dBias", "conv2d_bias")]
    public void Names_become_snake_case(string field, string expected) => Assert.Equal(expected, ModuleMembers.SnakeCase(field));

    sealed class Tied : Module
    {
        readonly Linear a = new(2, 2), b;

        internal Tied() => b = a;

        public override Tensor Forward(Tensor x) => b.Forward(a.Forward(x));
    }

    [Fact]
    public void A_shared_module_counts_once_and_is_saved_under_both_names()
    {
        var tied = new Tied();
        Assert.Equal(2, tied.Parameters().Count());
        Assert.Equal(2, tied.Modules().Count());
        Assert.Equal(["a.weight", "a.bias", "b.weight", "b.bias"], tied.StateDict().Keys);
    }

    sealed class Clash : Module
    {
        readonly Linear fc = new(1, 1), Fc = new(1, 1);

        public override Tensor Forward(Tensor x) => Fc.Forward(fc.Forward(x));
    }

    sealed class Loop : Module
    {
        readonly Module self;

        internal Loop() => self = this;

        public override Tensor Forward(Tensor x) => self.Forward(x);
    }

    [Fact]
    public void Two_fields_of_one_name_and_a_module_within_itself_are_errors()
    {
        Assert.Contains("\"fc\"", Assert.Throws<InvalidOperationException>(() => new Clash().StateDict()).Message);
        Assert.Contains("contains itself", Assert.Throws<InvalidOperationException>(() => new Loop().StateDict()).Message);
        Assert.Single(new Loop().Modules());
    }

    [Fact]
    public void Train_eval_freeze_and_zero_grad_reach_all_modules()
    {
        var model = new Sequential(new Linear(2, 2), new Sequential(new Dropout(), new Linear(2, 1)));
        model.Eval();
        Assert.All(model.Modules(), m => Assert.False(m.IsTraining));
        model.Train();
        Assert.All(model.Modules(), m => Assert.True(m.IsTraining));
        model.Forward(Tensor.Ones([1, 2])).Sum().Backward();
        Assert.All(model.Parameters(), p => Assert.NotNull(p.Grad));
        model.ZeroGrad();
        Assert.All(model.Parameters(), p => Assert.Null(p.Grad));
        model.RequiresGrad(false);
        Assert.False(model.Forward(Tensor.Ones([1, 2])).RequiresGrad);
        var visited = new List<Module>();
        model.Apply(visited.Add);
        Assert.Equal(5, visited.Count);
        Assert.Same(model, visited[^1]);
    }

    [Fact]
    public void A_change_of_type_keeps_the_parameters_identity_and_trains_on()
    {
        var layer = new Linear(2, 1);
        var before = layer.Parameters().ToArray();
        layer.Forward(Tensor.Ones([1, 2])).Sum().Backward();
        layer.To(DType.Float64);
        Assert.Equal(before, layer.Parameters());
        Assert.Equal(DType.Float64, layer.Weight.Grad!.DType);
        layer.ZeroGrad();
        layer.Forward(Tensor.Ones([3, 2], DType.Float64)).Sum().Backward();
        Assert.Equal([3.0, 3.0], layer.Weight.Grad!.ToArray<double>());
        Assert.Throws<ArgumentException>(() => layer.To(DType.Int64));
    }

    [Fact]
    public void Loading_lists_every_misfit_at_once_and_changes_nothing()
    {
        var model = new Sequential(new Linear(2, 3), new Linear(3, 1));
        var before = model.StateDict().ToDictionary(e => e.Key, e => e.Value.ToArray<float>());
        var state = new Dictionary<string, Tensor>
        {
            ["0.weight"] = Tensor.Zeros([3, 2]),
            ["0.bias"] = Tensor.Zeros([4]),
            ["1.weight"] = Tensor.Zeros([1, 3]),
            ["extra"] = Tensor.Zeros([1]),
        };
        var message = Assert.Throws<ArgumentException>(() => model.LoadStateDict(state)).Message;
        Assert.Contains("missing: 1.bias", message);
        Assert.Contains("unexpected: extra", message);
        Assert.Contains("0.bias (expected [3], got [4])", message);
        Assert.Throws<ArgumentException>(() => model.LoadStateDict(state, strict: false));
        foreach (var (name, values) in model.StateDict()) Assert.Equal(before[name], values.ToArray<float>());

        state.Remove("0.bias");
        var (missing, unexpected) = model.LoadStateDict(state, strict: false);
        Assert.Equal(["0.bias", "1.bias"], missing);
        Assert.Equal(["extra"], unexpected);
        Assert.All(model.StateDict()["0.weight"].ToArray<float>(), v => Assert.Equal(0, v));
    }

    [Fact]
    public void The_state_shares_memory_and_loading_copies()
    {
        var layer = new Linear(1, 1, bias: false);
        layer.StateDict()["weight"].FillInPlace(5);
        Assert.Equal(5, layer.Weight.Item());
        var source = Tensor.From(7.0, DType.Float64).Reshape(1, 1);
        layer.LoadStateDict(new Dictionary<string, Tensor> { ["weight"] = source });
        source.FillInPlace(0);
        Assert.Equal(7, layer.Weight.Item());
        Assert.Equal(DType.Float32, layer.Weight.DType);
    }

    [Fact]
    public void Sequential_runs_in_order_and_takes_names()
    {
        var model = new Sequential(("up", new Linear(1, 1, bias: false)), ("act", new ReLU()));
        Init.Constant(((Linear)model["up"]).Weight, -2);
        Assert.Equal(6, model.Forward(Tensor.From([-3f], [1, 1])).Item());
        Assert.Equal(0, model.Forward(Tensor.From([3f], [1, 1])).Item());
        Assert.Equal(["up.weight"], model.StateDict().Keys);
        Assert.Throws<ArgumentException>(() => model.Add("up", new ReLU()));
        Assert.Throws<ArgumentException>(() => model.Add("a.b", new ReLU()));
        Assert.Equal(["0.0.weight", "1.weight"], new ModuleList(new Sequential(new Linear(1, 1, false)), new Linear(1, 1, false)).StateDict().Keys);
    }

    [Fact]
    public void Printing_shows_the_tree() => Assert.Equal(
        "Sequential(\n  (0): Conv2d(3, 8, kernelSize: (3, 3), stride: (1, 1), padding: same)\n  (1): Sequential(\n    (0): ReLU()\n  )\n  (2): Linear(inFeatures: 8, outFeatures: 2, bias: false)\n)",
        new Sequential(new Conv2d(3, 8, 3, padding: "same"), new Sequential(new ReLU()), new Linear(8, 2, bias: false)).ToString());

    [Fact]
    public void Summary_shows_output_shapes_and_counts()
    {
        var model = new Sequential(new Conv2d(1, 4, 3), new BatchNorm2d(4), new ReLU(), new Flatten(), new Linear(4 * 36, 10));
        ((Conv2d)model[0]).RequiresGrad(false);
        var before = model.StateDict().ToDictionary(e => e.Key, e => e.Value.To(DType.Float32).ToArray<float>());
        Assert.Equal("""
            Layer              Output shape  Parameters  Multiply-adds
            ----------------------------------------------------------
            Sequential         [2, 10]                -              -
              Conv2d (0)       [2, 4, 6, 6]          40          2,592
              BatchNorm2d (1)  [2, 4, 6, 6]           8              -
              ReLU (2)         [2, 4, 6, 6]           -              -
              Flatten (3)      [2, 144]               -              -
              Linear (4)       [2, 10]            1,450          2,880
            ----------------------------------------------------------
            Parameters: 1,498, of which 1,458 trainable and 40 frozen
            Multiply-adds: 5,472
            """.ReplaceLineEndings("\n"), model.Summary([2, 1, 8, 8]).ToString());
        Assert.All(model.Modules(), m => Assert.True(m.IsTraining));
        foreach (var (name, values) in model.StateDict()) Assert.Equal(before[name], values.To(DType.Float32).ToArray<float>());
    }

    // The figures of the notes on Inception: 28x28 places of 192 channels to 32 by 5x5, and by way of 16 channels.
    [Fact]
    public void A_convolution_of_one_by_one_in_front_saves_nine_tenths_of_the_multiply_adds()
    {
        var direct = new Conv2d(192, 32, 5, padding: 2).Summary([1, 192, 28, 28]);
        Assert.Equal(120_422_400, direct.MultiplyAdds);
        var reduced = new Sequential(new Conv2d(192, 16, 1), new Conv2d(16, 32, 5, padding: 2)).Summary([1, 192, 28, 28]);
        Assert.Equal(12_443_648, reduced.MultiplyAdds);
        Assert.Equal([0L, 28 * 28 * 192 * 16, 28 * 28 * 16 * 25 * 32], reduced.Layers.Select(layer => layer.MultiplyAdds));
        Assert.Equal((192 * 16 + 16 + 16 * 32 * 25 + 32, 0L), (reduced.Parameters, reduced.Parameters - reduced.TrainableParameters));
    }

    [Fact]
    public void Products_beside_the_layers_are_counted_with_the_module_that_computes_them()
    {
        // Attention in short: projections by layers, Q K^T and A V by the module itself, after which a layer follows.
        var summary = new Attending().Summary([2, 5, 8]);
        long projection = 2 * 5 * 8 * 8, own = 2 * (2 * 5 * 5 * 8);
        Assert.Equal([own, projection, 0L, projection], summary.Layers.Select(layer => layer.MultiplyAdds));
        Assert.Equal([2, 5, 8], summary.Layers[0].OutputShape!.Value.AsSpan().ToArray());
        // Groups see a part of the channels; strides leave places out.
        Assert.Equal(1L * 8 * 4 * 4 * (4 / 2) * 9, new Conv2d(4, 8, 3, stride: 2, padding: 1, groups: 2).Summary([1, 4, 8, 8]).MultiplyAdds);
        // Without a bias, of a vector's matrix product, and nothing is counted outside.
        Assert.Equal(3 * 7L, new Linear(7, 3, bias: false).Summary([1, 7]).MultiplyAdds);
    }

    sealed class Attending : Module
    {
        readonly Linear inner = new(8, 8);
        readonly Dropout dropout = new();
        readonly Linear outer = new(8, 8);

        public override Tensor Forward(Tensor x)
        {
            var q = inner.Forward(x);
            var weights = dropout.Forward(q.MatMul(q.T).Softmax(-1));
            return Observe(outer.Forward(weights.MatMul(q)));
        }
    }

    [Fact]
    public void A_module_without_a_Forward_says_so() =>
        Assert.Contains("CrossEntropyLoss", Assert.Throws<NotSupportedException>(() => new CrossEntropyLoss().Forward(Tensor.Ones([1]))).Message);
}
