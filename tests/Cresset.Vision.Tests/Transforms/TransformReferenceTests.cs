using System.Text.Json;
using Xunit;

namespace Cresset.Vision.Tests.Transforms;

/// <summary>Against vision/transforms.json, which tests/reference/vision_transforms.py wrote with PyTorch and colorsys.</summary>
public class TransformReferenceTests
{
    private static readonly JsonElement Reference = JsonDocument.Parse(
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "reference", "transforms.json"))).RootElement;

    private static double[] Numbers(JsonElement json) => [.. json.EnumerateArray().Select(v => v.GetDouble())];

    private static Tensor Picture => Tensor.From(Numbers(Reference.GetProperty("picture")), [2, 7, 9]);

    private static void AreClose(JsonElement expected, Tensor actual)
    {
        double[] values = Numbers(expected), got = actual.ToArray<double>();
        Assert.Equal(values.Length, got.Length);
        for (int i = 0; i < values.Length; i++)
            Assert.Equal(values[i], got[i], 1e-9);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7)]
    public void Resize_is_PyTorchs_interpolation(int index)
    {
        JsonElement c = Reference.GetProperty("resized")[index];
        double[] size = Numbers(c.GetProperty("size"));
        var resize = new Resize((int)size[0], (int)size[1], c.GetProperty("antialias").GetBoolean());
        AreClose(c.GetProperty("values"), resize.Apply(Picture));
        AreClose(c.GetProperty("values"), resize.Apply(Picture.Unsqueeze(0)));
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7)]
    public void An_affine_map_is_PyTorchs_grid_sample(int index)
    {
        JsonElement c = Reference.GetProperty("maps")[index];
        double[] m = Numbers(c.GetProperty("amounts"));
        var interpolation = c.GetProperty("mode").GetString() == "nearest" ? Interpolation.Nearest : Interpolation.Bilinear;
        AreClose(c.GetProperty("values"), AffineSampling.Apply(Picture, AffineSampling.Inverse(m[0], m[1], m[2], m[3], m[4], 0), interpolation, 0));
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(3)]
    public void Hue_turns_the_circle_as_colorsys(int index)
    {
        Tensor colours = Tensor.From(Numbers(Reference.GetProperty("colours")), [3, 4, 5]);
        JsonElement c = Reference.GetProperty("hues")[index];
        AreClose(c.GetProperty("values"), ColorJitter.Hue(colours, c.GetProperty("turn").GetDouble()));
    }

    [Fact]
    public void Contrast_saturation_and_brightness_follow_their_formulas()
    {
        // One pixel, and its opposite, whose greys are 0.2989 a + 0.587 b + 0.114 c.
        Tensor picture = Tensor.From([0.2, 0.6, 0.4, 0.9, 0.5, 0.1], [3, 1, 2]);
        double first = 0.2989 * 0.2 + 0.587 * 0.4 + 0.114 * 0.5, second = 0.2989 * 0.6 + 0.587 * 0.9 + 0.114 * 0.1, mean = (first + second) / 2;
        void Check(Tensor got, Func<double, double, double> expected)
        {
            double[] values = picture.ToArray<double>(), result = got.ToArray<double>();
            for (int i = 0; i < 6; i++) Assert.Equal(Math.Clamp(expected(values[i], i % 2 == 0 ? first : second), 0, 1), result[i], 1e-12);
        }
        Check(ColorJitter.Brightness(picture, 1.7), (x, _) => 1.7 * x);
        Check(ColorJitter.Contrast(picture, 0.3), (x, _) => 0.3 * x + 0.7 * mean);
        Check(ColorJitter.Saturation(picture, 2.5), (x, grey) => 2.5 * x - 1.5 * grey);
    }
}
