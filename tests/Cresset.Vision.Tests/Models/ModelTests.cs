using Cresset.Nn;
using Xunit;

namespace Cresset.Vision.Tests.Models;

public class ModelTests
{
    [Theory]
    [InlineData(typeof(Cnn))]
    [InlineData(typeof(InceptionNet))]
    [InlineData(typeof(ResidualNet))]
    public void Colour_pictures_are_refused_by_a_model_for_grey_ones(Type type)
    {
        var model = (Module)Activator.CreateInstance(type, 10)!;
        var e = Assert.Throws<ArgumentException>(() => model.Forward(Tensor.Zeros([2, 3, 32, 32])));
        Assert.Contains($"{type.Name}: expected pictures [N, 1, 28, 28], got [2, 3, 32, 32]", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(18)]
    public void A_depth_that_is_not_6n_and_2_is_refused(int depth) =>
        Assert.Contains("6n + 2", Assert.Throws<ArgumentException>(() => new CifarResNet(depth)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_stage_without_blocks_is_refused() => Assert.Throws<ArgumentException>(() => new ResNet([2, 0, 2, 2]));

    // He et al.: the deviation of a kernel's weights is sqrt(2 / fan), by outputs in torchvision's networks, by inputs in
    // akamaster's.
    [Fact]
    public void Kernels_start_as_their_sources_say()
    {
        Assert.Equal(Math.Sqrt(2.0 / (256 * 9)), Deviation(ResNet.ResNet18(), "layer3.0.conv1.weight"), 1e-4);
        Assert.Equal(Math.Sqrt(2.0 / (16 * 9)), Deviation(new CifarResNet(20), "layer2.0.conv1.weight"), 5e-3);
        Assert.Equal(0.01, Deviation(new GoogLeNet(), "inception4a.branch2.1.conv.weight"), 1e-4);
    }

    private static double Deviation(Module model, string name) => model.StateDict()[name].Std().Item();
}
