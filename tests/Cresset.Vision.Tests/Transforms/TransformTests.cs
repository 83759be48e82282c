using Xunit;

namespace Cresset.Vision.Tests.Transforms;

public class TransformTests
{
    [Fact]
    public void ToTensor_divides_every_byte_by_255()
    {
        var bytes = new byte[256];
        for (int i = 0; i < 256; i++) bytes[i] = (byte)i;
        Tensor result = new ToTensor().Apply(Tensor.From(bytes, [1, 16, 16]));
        Assert.Equal(DType.Float32, result.DType);
        Assert.Equal([1, 16, 16], result.Shape.AsSpan().ToArray());
        float[] values = result.ToArray<float>();
        for (int i = 0; i < 256; i++) Assert.Equal(i / 255.0, values[i], 1e-7);
    }

    [Fact]
    public void ToTensor_rejects_what_is_not_bytes()
    {
        var e = Assert.Throws<ArgumentException>(() => new ToTensor().Apply(Tensor.Zeros([1, 2, 2])));
        Assert.Contains("expected uint8 pictures", e.Message, StringComparison.Ordinal);
        Assert.Contains("float32 [1, 2, 2]", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Normalize_takes_off_the_mean_and_divides_channel_by_channel(bool batch)
    {
        float[] values = [0, 0.5f, 1, 0.25f, 0.75f, 0.1f];
        Shape shape = batch ? [1, 3, 1, 2] : [3, 1, 2];
        double[] mean = [0.1, 0.2, 0.3], std = [0.5, 0.25, 2];
        float[] result = new Normalize(mean, std).Apply(Tensor.From(values, shape)).ToArray<float>();
        for (int i = 0; i < 6; i++) Assert.Equal((values[i] - mean[i / 2]) / std[i / 2], result[i], 1e-6);
    }

    // torchvision: Normalize((0.1307,), (0.3081,)) of 0 and 1, the ends of MNIST's range.
    [Fact]
    public void Compose_of_both_gives_MNISTs_usual_range()
    {
        var transform = new Compose(new ToTensor(), new Normalize(0.1307, 0.3081));
        float[] result = transform.Apply(Tensor.From<byte>([0, 255], [1, 1, 2])).ToArray<float>();
        Assert.Equal(-0.42421296, result[0], 1e-6);
        Assert.Equal(2.8214867, result[1], 1e-6);
    }

    [Fact]
    public void Normalize_rejects_other_channels_and_bytes()
    {
        var normalize = new Normalize([0.1, 0.2, 0.3], [1, 1, 1]);
        Assert.Contains("3 channels", Assert.Throws<ArgumentException>(() => normalize.Apply(Tensor.Zeros([2, 4, 4]))).Message, StringComparison.Ordinal);
        Assert.Contains("apply ToTensor first", Assert.Throws<ArgumentException>(
            () => normalize.Apply(Tensor.Zeros([3, 4, 4], DType.UInt8))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void Normalize_rejects_a_deviation_that_is_not_above_0(double std) =>
        Assert.Throws<ArgumentException>(() => new Normalize(0, std));
}
