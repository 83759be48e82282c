using Cresset.Data;
using Xunit;

namespace Cresset.Vision.Tests.Transforms;

public class RandomTransformTests
{
    // Every pixel has a number of its own.
    private static Tensor Numbered(params int[] shape) => Tensor.Arange(1, 1 + shape.Aggregate((a, b) => a * b)).To(DType.Float32).Reshape(shape);

    [Fact]
    public void A_crop_is_a_part_of_the_padded_picture_and_every_place_occurs()
    {
        Tensor picture = Numbered(1, 4, 5);
        var seen = new HashSet<string>();
        var parts = new HashSet<string>();
        Tensor padded = picture.Pad([1, 1, 1, 1]);
        for (int top = 0; top <= 2; top++)
            for (int left = 0; left <= 2; left++)
                parts.Add(string.Join(' ', padded.Narrow(1, top, 4).Narrow(2, left, 5).ToArray<float>()));
        var crop = new RandomCrop(4, 5, padding: 1, generator: new Generator(1));
        for (int i = 0; i < 300; i++) seen.Add(string.Join(' ', crop.Apply(picture).ToArray<float>()));
        Assert.Equal(parts.Order(), seen.Order());
    }

    [Fact]
    public void Pictures_of_a_batch_are_changed_each_in_its_own_way()
    {
        Tensor batch = Tensor.Stack([.. Enumerable.Repeat(Numbered(1, 1, 3), 1000)]);
        Tensor flipped = new RandomHorizontalFlip(0.3, new Generator(2)).Apply(batch);
        Assert.Equal(batch.Shape, flipped.Shape);
        float[] values = flipped.ToArray<float>();
        int count = 0;
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(values[3 * i] == 3 ? [3f, 2, 1] : [1f, 2, 3], values[(3 * i)..(3 * i + 3)]);
            if (values[3 * i] == 3) count++;
        }
        // 300 with a deviation of 14.5: five of them.
        Assert.InRange(count, 227, 373);
    }

    [Theory]
    [InlineData(DType.Bool)]
    [InlineData(DType.UInt8)]
    [InlineData(DType.Int32)]
    [InlineData(DType.Int64)]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Every_row_of_every_channel_is_flipped_for_any_type_and_layout(DType type)
    {
        // Pictures with the channels last in memory, so that rows do not lie one after another.
        Tensor pictures = (Numbered(2, 3, 4, 2) % 3).To(type).Permute(0, 3, 1, 2);
        var kept = pictures.To(DType.Float64).ToArray<double>();
        Tensor flipped = new RandomHorizontalFlip(1).Apply(pictures);
        Assert.Equal(type, flipped.DType);
        double[] values = flipped.To(DType.Float64).ToArray<double>();
        for (int row = 0; row < 2 * 2 * 3; row++)
            for (int column = 0; column < 4; column++) Assert.Equal(kept[row * 4 + 3 - column], values[row * 4 + column]);
        Assert.Equal(kept, pictures.To(DType.Float64).ToArray<double>());
    }

    // Widths that vectors fill, and what is left of them.
    [Theory]
    [InlineData(DType.UInt8)]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Rows_of_any_width_are_flipped_or_left_as_they_are(DType type)
    {
        for (int width = 1; width <= 41; width++)
        {
            Tensor pictures = (Numbered(8, 2, 3, width) % 251).To(type), turned = pictures.Flip(-1);
            Tensor flipped = new RandomHorizontalFlip(0.5, new Generator(5)).Apply(pictures);
            var generator = new Generator(5);
            for (int i = 0; i < 8; i++)
            {
                Tensor expected = generator.NextDouble() < 0.5 ? turned : pictures;
                Assert.Equal(expected.Select(0, i).To(DType.Float64).ToArray<double>(), flipped.Select(0, i).To(DType.Float64).ToArray<double>());
            }
        }
    }

    // Each place by itself, in double.
    private static double Between(Func<int, int, double> pixel, double x, double y)
    {
        double left = Math.Floor(x), top = Math.Floor(y), right = x - left, down = y - top;
        double Row(int row) => (1 - right) * pixel(row, (int)left) + right * pixel(row, (int)left + 1);
        return (1 - down) * Row((int)top) + down * Row((int)top + 1);
    }

    [Theory]
    [InlineData(Interpolation.Bilinear, DType.Float32, 13, 17)]
    [InlineData(Interpolation.Bilinear, DType.Float64, 13, 17)]
    [InlineData(Interpolation.Nearest, DType.Float32, 13, 17)]
    [InlineData(Interpolation.Bilinear, DType.Float32, 3, 700)]
    [InlineData(Interpolation.Bilinear, DType.Float32, 1, 1)]
    public void A_batch_is_mapped_place_by_place_at_any_number_of_threads(Interpolation interpolation, DType type, int height, int width)
    {
        const double fill = 0.25;
        Tensor pictures = Tensor.Rand([5, 2, height, width], type, new Generator(3));
        double[][] matrices = [.. Enumerable.Range(0, 5).Select(i => AffineSampling.Inverse(-70 + 35 * i, i - 1, 1 - i, 0.6 + 0.2 * i, 10 * i, 0))];
        var values = pictures.To(DType.Float64).ToArray<double>();
        double[] expected = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            int column = i % width, row = i / width % height, plane = i / (width * height);
            double[] m = matrices[plane / 2];
            double dx = column - (width - 1) / 2.0, dy = row - (height - 1) / 2.0;
            double x = m[0] * dx + m[1] * dy + (m[2] + (width - 1) / 2.0), y = m[3] * dx + m[4] * dy + (m[5] + (height - 1) / 2.0);
            double Pixel(int r, int c) => r >= 0 && r < height && c >= 0 && c < width ? values[(plane * height + r) * width + c] : fill;
            expected[i] = interpolation == Interpolation.Nearest ? Pixel((int)Math.Round(y), (int)Math.Round(x)) : Between(Pixel, x, y);
        }
        int before = Threads.Count;
        try
        {
            foreach (int threads in new[] { 1, 2, 3, 8 })
            {
                Threads.Count = threads;
                double[] mapped = AffineSampling.Apply(pictures, matrices, interpolation, fill).To(DType.Float64).ToArray<double>();
                Assert.Equal(type == DType.Float64 ? expected : [.. expected.Select(value => (double)(float)value)], mapped);
            }
        }
        finally
        {
            Threads.Count = before;
        }
    }

    [Fact]
    public void Gradients_flow_back_through_a_flip()
    {
        Tensor pictures = Numbered(1, 1, 1, 3);
        pictures.RequiresGrad = true;
        (new RandomHorizontalFlip(1).Apply(pictures) * Tensor.From([1f, 10, 100])).Sum().Backward();
        Assert.Equal([100f, 10, 1], pictures.Grad!.ToArray<float>());
    }

    [Fact]
    public void The_middle_is_cut_out_and_a_smaller_picture_padded()
    {
        Tensor picture = Numbered(1, 4, 6);
        Assert.Equal([9f, 10, 15, 16], new CenterCrop(2).Apply(picture).ToArray<float>());
        Assert.Equal([0f, 0, 1, 2, 0, 0], new CenterCrop(3, 2).Apply(Numbered(1, 1, 2)).ToArray<float>());
    }

    [Fact]
    public void A_quarter_turn_of_a_square_is_exact()
    {
        double[] quarter = AffineSampling.Inverse(90, 0, 0, 1, 0, 0);
        float[] turned = AffineSampling.Apply(Numbered(1, 3, 3), quarter, Interpolation.Bilinear, 0).ToArray<float>();
        float[] expected = [7, 4, 1, 8, 5, 2, 9, 6, 3];
        for (int i = 0; i < 9; i++) Assert.Equal(expected[i], turned[i], 1e-5f);
    }

    [Fact]
    public void Random_rotation_and_affine_stay_within_their_amounts()
    {
        Tensor picture = Numbered(1, 5, 5);
        Assert.Equal(picture.ToArray<float>(), new RandomRotation(0).Apply(picture).ToArray<float>());
        Assert.Equal(picture.ToArray<float>(), new RandomAffine(0).Apply(picture).ToArray<float>());
        // The centre of an odd picture stays under any rotation.
        Assert.All(Enumerable.Range(0, 20), i => Assert.Equal(13f, new RandomRotation(180, generator: new Generator((ulong)i)).Apply(picture).ToArray<float>()[12], 1e-4f));
    }

    [Fact]
    public void Erasing_overwrites_one_rectangle_of_an_area_in_range()
    {
        var erasing = new RandomErasing(1, (0.1, 0.3), (0.5, 2), value: -1, new Generator(3));
        for (int i = 0; i < 50; i++)
        {
            float[] values = erasing.Apply(Numbered(2, 20, 20)).ToArray<float>();
            int[] erased = [.. Enumerable.Range(0, 400).Where(p => values[p] == -1)];
            int rows = erased.Max(p => p / 20) - erased.Min(p => p / 20) + 1, columns = erased.Max(p => p % 20) - erased.Min(p => p % 20) + 1;
            Assert.Equal(rows * columns, erased.Length);
            // Sides are rounded.
            Assert.InRange(erased.Length, 0.1 * 400 - 14, 0.3 * 400 + 18);
            Assert.All(Enumerable.Range(0, 400), p => Assert.Equal(values[p] == -1, values[400 + p] == -1));
            Assert.Equal(1 + Array.FindIndex(values, v => v != -1), values.First(v => v != -1));
        }
        Tensor untouched = Numbered(1, 4, 4);
        Assert.Equal(untouched.ToArray<float>(), new RandomErasing(0).Apply(untouched).ToArray<float>());
    }

    [Fact]
    public void Augmented_batches_depend_on_seed_and_epoch_but_not_on_workers()
    {
        var augmentation = new Compose(new RandomCrop(28, 28, padding: 4), new RandomHorizontalFlip(), new RandomRotation(10), new RandomErasing());
        TensorDataset data = DrawnDigits.Draw(60, 1).ToDataset(augmentation: augmentation);
        List<float[]> Read(int workers, long seed, int epoch = 0)
        {
            var loader = new DataLoader(data, batchSize: 16, shuffle: true, seed: seed, workers: workers) { Epoch = epoch };
            return [.. loader.Select(batch => batch.Inputs.ToArray<float>())];
        }
        List<float[]> first = Read(0, 1);
        foreach (int workers in new[] { 0, 1, 3 }) Assert.Equal(first, Read(workers, 1));
        Assert.NotEqual(first, Read(0, 2));
        Assert.NotEqual(first, Read(0, 1, epoch: 1));
        // A dataset that reads picture by picture as well.
        Dataset<(Tensor, Tensor)> single = DrawnDigits.Draw(30, 1).ToDataset().Map(sample => (augmentation.Apply(sample.Item1), sample.Item2));
        float[][] Singles(int workers) => [.. new DataLoader(single, batchSize: 8, seed: 4, workers: workers).Select(batch => batch.Inputs.ToArray<float>())];
        Assert.Equal(Singles(0), Singles(3));
    }

    [Fact]
    public void Wrong_options_and_pictures_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomHorizontalFlip(1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomRotation(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomAffine(0, (2, 0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomAffine(0, scale: (2, 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ColorJitter(hue: 0.6));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomErasing(scale: (0.5, 0.1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Resize(0, 3));
        Assert.Contains("expected pictures of at least 9x9", Assert.Throws<ArgumentException>(() => new RandomCrop(9, 9).Apply(Numbered(1, 4, 4))).Message, StringComparison.Ordinal);
        Assert.Contains("apply ToTensor first", Assert.Throws<ArgumentException>(() => new ColorJitter(1).Apply(Tensor.Zeros([3, 2, 2], DType.UInt8))).Message, StringComparison.Ordinal);
        Assert.Contains("got [4, 4]", Assert.Throws<ArgumentException>(() => new RandomCrop(2, 2).Apply(Numbered(4, 4))).Message, StringComparison.Ordinal);
    }
}
