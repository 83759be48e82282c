using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cresset.Kernels.Cpu;

namespace Cresset.Vision;

/// <summary>How a picture is read between its pixels.</summary>
public enum Interpolation
{
    /// <summary>The nearest pixel.</summary>
    Nearest,

    /// <summary>The weighted mean of the four around.</summary>
    Bilinear,
}

/// <summary>
/// The affine map of pictures: what stands at a place of the new picture is read from a place of the old one. Places are
/// counted from the centre, so that the centre stays unless it is shifted.
/// </summary>
internal static class AffineSampling
{
    /// <summary>
    /// The matrix from new to old places (torchvision's inverse affine matrix): the old picture is sheared, scaled,
    /// turned clockwise by the angle and shifted, in this order.
    /// </summary>
    public static double[] Inverse(double angle, double shiftX, double shiftY, double scale, double shearX, double shearY)
    {
        double rotation = double.DegreesToRadians(angle), sx = double.DegreesToRadians(shearX), sy = double.DegreesToRadians(shearY);
        double a = Math.Cos(rotation - sy) / Math.Cos(sy), b = -Math.Cos(rotation - sy) * Math.Tan(sx) / Math.Cos(sy) - Math.Sin(rotation);
        double c = Math.Sin(rotation - sy) / Math.Cos(sy), d = -Math.Sin(rotation - sy) * Math.Tan(sx) / Math.Cos(sy) + Math.Cos(rotation);
        double[] m = [d / scale, -b / scale, 0, -c / scale, a / scale, 0];
        m[2] = -m[0] * shiftX - m[1] * shiftY;
        m[5] = -m[3] * shiftX - m[4] * shiftY;
        return m;
    }

    /// <summary>One picture [C, H, W] under a matrix of six numbers; what lies outside is the filling.</summary>
    public static Tensor Apply(Tensor image, double[] matrix, Interpolation interpolation, double fill) => Apply(image, [matrix], interpolation, fill);

    /// <summary>One picture [C, H, W], or several [N, C, H, W], each under a matrix of its own.</summary>
    public static unsafe Tensor Apply(Tensor images, double[][] matrices, Interpolation interpolation, double fill)
    {
        bool whole = !images.DType.IsFloatingPoint();
        Tensor x = whole ? images.To(DType.Float64).Contiguous() : images.Contiguous();
        Tensor changed = Tensor.Empty(x.Shape, x.DType);
        double[] numbers = [.. matrices.SelectMany(matrix => matrix)];
        fixed (double* matrix = numbers)
        {
            if (x.DType == DType.Float32)
                Map<float>(x, changed, matrix, matrices.Length, interpolation, fill);
            else
                Map<double>(x, changed, matrix, matrices.Length, interpolation, fill);
        }
        return whole ? changed.Round().Clamp(0, 255).To(images.DType) : changed;
    }

    private static unsafe void Map<T>(Tensor x, Tensor changed, double* matrices, int count, Interpolation interpolation, double fill)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var pictures = new Pictures<T>
        {
            Matrices = matrices,
            Source = (T*)x.Operand.Pointer,
            Target = (T*)changed.Operand.Pointer,
            Channels = x.Size(-3),
            Height = x.Size(-2),
            Width = x.Size(-1),
            Nearest = interpolation == Interpolation.Nearest,
            Fill = fill,
        };
        WorkerPool.For(count, ref pictures);
        GC.KeepAlive(x);
        GC.KeepAlive(changed);
    }

    private unsafe struct Pictures<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        // Places of a row that are computed at once, for all channels.
        private const int Stretch = 256;

        public double* Matrices;
        public T* Source, Target;
        public int Channels, Height, Width;
        public bool Nearest;
        public double Fill;

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        public readonly void Run(int picture)
        {
            long plane = (long)Height * Width;
            T* source = Source + picture * Channels * plane, target = Target + picture * Channels * plane;
            double* m = Matrices + 6 * picture;
            double middleX = (Width - 1) / 2.0, middleY = (Height - 1) / 2.0, shiftX = m[2] + middleX, shiftY = m[5] + middleY;
            double* x = stackalloc double[Stretch], y = stackalloc double[Stretch];
            for (int row = 0; row < Height; row++)
            {
                double dy = row - middleY;
                for (int first = 0; first < Width; first += Stretch)
                {
                    int count = Math.Min(Stretch, Width - first);
                    for (int i = 0; i < count; i++)
                    {
                        double dx = first + i - middleX;
                        (x[i], y[i]) = (m[0] * dx + m[1] * dy + shiftX, m[3] * dx + m[4] * dy + shiftY);
                    }
                    T* to = target + (long)row * Width + first;
                    if (Nearest)
                        ReadNearest(source, x, y, count, to);
                    else
                        ReadBetween(source, x, y, count, to);
                }
            }
        }

        private readonly void ReadNearest(T* source, double* x, double* y, int count, T* target)
        {
            long plane = (long)Height * Width;
            for (int i = 0; i < count; i++)
            {
                int row = (int)Math.Round(y[i]), column = (int)Math.Round(x[i]);
                bool inside = (uint)row < (uint)Height && (uint)column < (uint)Width;
                long from = (long)row * Width + column;
                for (int channel = 0; channel < Channels; channel++)
                    target[channel * plane + i] = inside ? source[channel * plane + from] : T.CreateTruncating(Fill);
            }
        }

        // Stretches whose places all have four pixels around need no test of them; a straight line meets these in one stretch.
        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        private readonly void ReadBetween(T* source, double* x, double* y, int count, T* target)
        {
            long plane = (long)Height * Width;
            int* left = stackalloc int[Stretch], top = stackalloc int[Stretch], corner = stackalloc int[Stretch];
            int begin = count, end = count;
            for (int i = 0; i < count; i++)
            {
                (left[i], top[i]) = ((int)Math.Floor(x[i]), (int)Math.Floor(y[i]));
                corner[i] = top[i] * Width + left[i];
                bool within = left[i] >= 0 && left[i] < Width - 1 && top[i] >= 0 && top[i] < Height - 1;
                if (within && begin == count)
                    begin = i;
                else if (!within && begin < count && end == count)
                    end = i;
                // From here on how far the place is from its corner.
                (x[i], y[i]) = (x[i] - left[i], y[i] - top[i]);
            }
            for (int channel = 0; channel < Channels; channel++, source += plane, target += plane)
            {
                for (int i = 0; i < begin; i++)
                    target[i] = AtEdge(source, left[i], top[i], x[i], y[i]);
                Inside(source, corner, x, y, begin, end, target);
                for (int i = end; i < count; i++)
                    target[i] = AtEdge(source, left[i], top[i], x[i], y[i]);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Inside(T* source, int* corner, double* right, double* down, int begin, int end, T* target)
        {
            int i = begin;
            if (typeof(T) == typeof(float) && Avx512F.IsSupported)
            {
                float* above = (float*)source, below = above + Width;
                for (; i + 8 <= end; i += 8)
                {
                    Vector256<int> at = Vector256.Load(corner + i);
                    Vector512<double> r = Vector512.Load(right + i), d = Vector512.Load(down + i), one = Vector512<double>.One;
                    Avx512F.ConvertToVector256Single(
                        (one - d) * ((one - r) * Pixels(above, at) + r * Pixels(above + 1, at)) + d * ((one - r) * Pixels(below, at) + r * Pixels(below + 1, at)))
                        .Store((float*)target + i);
                }
            }
            for (; i < end; i++)
            {
                T* at = source + corner[i];
                target[i] = Mean(double.CreateTruncating(at[0]), double.CreateTruncating(at[1]), double.CreateTruncating(at[Width]), double.CreateTruncating(at[Width + 1]),
                    right[i], down[i]);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<double> Pixels(float* source, Vector256<int> at) => Avx512F.ConvertToVector512Double(Avx2.GatherVector256(source, at, sizeof(float)));

        private readonly T AtEdge(T* source, int left, int top, double right, double down)
        {
            bool above = (uint)top < (uint)Height, below = (uint)(top + 1) < (uint)Height;
            bool before = (uint)left < (uint)Width, behind = (uint)(left + 1) < (uint)Width;
            T* at = source + ((long)top * Width + left);
            return Mean(above && before ? double.CreateTruncating(at[0]) : Fill, above && behind ? double.CreateTruncating(at[1]) : Fill,
                below && before ? double.CreateTruncating(at[Width]) : Fill, below && behind ? double.CreateTruncating(at[Width + 1]) : Fill, right, down);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T Mean(double a, double b, double c, double d, double right, double down) =>
            T.CreateTruncating((1 - down) * ((1 - right) * a + right * b) + down * ((1 - right) * c + right * d));
    }
}
