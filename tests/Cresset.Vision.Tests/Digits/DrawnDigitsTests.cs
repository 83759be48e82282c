using System.Security.Cryptography;
using Xunit;

namespace Cresset.Vision.Tests;

public class DrawnDigitsTests
{
    private static readonly LabelledImages s_set = DrawnDigits.Draw(3000, seed: 5);

    // The one thing that the library's own output must be compared with: itself on another machine. Changes to the
    // drawing change it.
    private const string GoldenHash = "970dcaf2064f9f830dd0879215669a9cb730d5f8cfbed0de9d45c7569403248f";

    [Fact]
    public void The_first_thousand_digits_are_the_same_bytes_on_every_machine()
    {
        LabelledImages set = DrawnDigits.Draw(1000, seed: 0);
        byte[] all = [.. set.Pixels, .. set.Labels.Select(label => (byte)label)];
        Assert.Equal(GoldenHash, Convert.ToHexStringLower(SHA256.HashData(all)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Any_number_of_threads_draws_the_same_digits(int threads)
    {
        LabelledImages set = DrawnDigits.Draw(3000, 5, threads);
        Assert.Equal(s_set.Pixels, set.Pixels);
        Assert.Equal(s_set.Labels, set.Labels);
    }

    [Fact]
    public void A_smaller_set_is_the_beginning_of_a_larger_one()
    {
        LabelledImages small = DrawnDigits.Draw(123, seed: 5);
        Assert.Equal(s_set.Pixels[..(123 * 784)], small.Pixels);
        Assert.Equal(s_set.Labels[..123], small.Labels);
    }

    [Fact]
    public void Other_seeds_draw_other_digits()
    {
        LabelledImages other = DrawnDigits.Draw(3000, seed: 6);
        Assert.NotEqual(s_set.Labels, other.Labels);
        for (int i = 0; i < 100; i++)
            Assert.NotEqual(s_set[i].ToArray(), other[i].ToArray());
    }

    [Fact]
    public void Each_ten_pictures_hold_every_digit_once_in_varying_order()
    {
        var orders = new HashSet<string>();
        foreach (long[] ten in s_set.Labels.Chunk(10))
        {
            Assert.Equal(Enumerable.Range(0, 10).Select(d => (long)d), ten.Order());
            orders.Add(string.Join("", ten));
        }
        Assert.InRange(orders.Count, 295, 300);
    }

    [Fact]
    public void No_picture_comes_twice()
    {
        var hashes = Enumerable.Range(0, s_set.Count).Select(i => Convert.ToHexString(SHA256.HashData(s_set[i]))).ToHashSet();
        Assert.Equal(s_set.Count, hashes.Count);
    }

    [Fact]
    public void Every_picture_has_bright_ink_on_a_dark_ground()
    {
        for (int i = 0; i < s_set.Count; i++)
        {
            ReadOnlySpan<byte> picture = s_set[i];
            int bright = 0;
            foreach (byte pixel in picture)
                bright += pixel > 100 ? 1 : 0;
            Assert.InRange(bright, 15, 300);
        }
        Assert.Contains((byte)0, s_set.Pixels);
        Assert.Contains((byte)255, s_set.Pixels);
        // MNIST's mean is 33 of 255; these digits should have about as much ink.
        Assert.InRange(s_set.Pixels.Average(p => (double)p), 20, 50);
    }

    [Fact]
    public void Digits_stand_in_the_middle_and_are_not_cut_off()
    {
        double border = 0, total = 0, weightedX = 0, weightedY = 0;
        for (int i = 0; i < s_set.Pixels.Length; i++)
        {
            int x = i % 28, y = i / 28 % 28, pixel = s_set.Pixels[i];
            total += pixel;
            weightedX += x * pixel;
            weightedY += y * pixel;
            if (x is 0 or 27 || y is 0 or 27)
                border += pixel;
        }
        Assert.InRange(weightedX / total, 12.5, 15.5);
        Assert.InRange(weightedY / total, 12.5, 15.5);
        Assert.True(border / total < 0.03, $"{border / total:P1} of the ink lies on the border");
    }

    [Fact]
    public void The_nearest_mean_picture_tells_most_digits_but_by_far_not_all()
    {
        var means = new double[10, 784];
        for (int i = 0; i < 2000; i++)
        {
            for (int p = 0; p < 784; p++)
                means[s_set.Labels[i], p] += s_set[i][p] / 200.0;
        }
        int right = 0;
        for (int i = 2000; i < 3000; i++)
        {
            double Distance(int digit)
            {
                double sum = 0;
                for (int p = 0; p < 784; p++)
                    sum += (s_set[i][p] - means[digit, p]) * (s_set[i][p] - means[digit, p]);
                return sum;
            }
            right += Enumerable.Range(0, 10).MinBy(Distance) == s_set.Labels[i] ? 1 : 0;
        }
        Assert.InRange(right, 600, 920);
    }

    [Fact]
    public void Draws_none_and_rejects_impossible_counts()
    {
        Assert.Equal(0, DrawnDigits.Draw(0).Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => DrawnDigits.Draw(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => DrawnDigits.Draw(int.MaxValue));
    }
}
