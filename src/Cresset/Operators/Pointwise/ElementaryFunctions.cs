using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

// Elementary functions that lanes do not have, from those that they have, exact to a few units in the last place also
// where the textbook formula would lose digits.
static class ElementaryFunctions
{
    // log(1 + x): the error of 1 + x is made up for by the factor x / ((1 + x) - 1). Kahan.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static L Log1p<L>(L x) where L : struct, ILanes<L>
    {
        L one = L.From(1), sum = x + one, corrected = L.Log(sum) * (x / (sum - one));
        var plain = L.Equal(sum, one);
        // Infinity and the like: nothing to correct.
        return L.Select(plain, x, L.Select(L.Less(sum, L.From(1e30)), corrected, L.Log(sum)));
    }

    // exp(x) - 1, in the same way.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static L Expm1<L>(L x) where L : struct, ILanes<L>
    {
        L one = L.From(1), power = L.Exp(x), less = power - one;
        var near = L.Less(L.Abs(x), L.From(0.5));
        return L.Select(L.Equal(power, one), x, L.Select(near, less * (x / L.Log(power)), less));
    }

    // Cephes: a rational function near 0, the exponential elsewhere.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static L Tanh<L>(L x) where L : struct, ILanes<L>
    {
        L size = L.Abs(x), z = x * x;
        var top = L.MultiplyAdd(L.MultiplyAdd(L.From(-9.64399179425052238628e-1), z, L.From(-9.92877231001918586564e1)), z, L.From(-1.61468768441708447952e3));
        var bottom = L.MultiplyAdd(L.MultiplyAdd(z + L.From(1.12811678491632931402e2), z, L.From(2.23548839060100448583e3)), z, L.From(4.84406305325125486048e3));
        var near = L.Less(size, L.From(0.625));
        // One division for both: z top / bottom near 0, 2 / (exp(2 |x|) + 1) elsewhere.
        var quotient = L.Select(near, z * top, L.From(2)) / L.Select(near, bottom, L.Exp(size + size) + L.From(1));
        var far = L.From(1) - quotient;
        return L.Select(near, L.MultiplyAdd(x, quotient, x), L.Select(L.Less(x, L.From(0)), -far, far));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static L Erf<L>(L x) where L : struct, ILanes<L> => Erf(x, out _);

    // Cephes: a rational function up to 1, beyond it 1 - erfc, a rational function times exp(-x²), which others need as well.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static L Erf<L>(L x, out L gaussian) where L : struct, ILanes<L>
    {
        // From 26 on nothing is left of the exponential.
        L size = L.Min(L.Abs(x), L.From(26)), square = size * size;
        gaussian = L.Exp(-(x * x));
        var near = L.Less(size, L.From(1));
        L nearTop = Horner(L.From(9.60497373987051638749), square, 9.00260197203842689217e1, 2.23200534594684319226e3, 7.00332514112805075473e3, 5.55923013010394962768e4);
        L nearBottom = Horner(square + L.From(3.35617141647503099647e1), square, 5.21357949780152679795e2, 4.59432382970980127987e3, 2.26290000613890934246e4, 4.92673942608635921086e4);
        L farTop = Horner(L.From(2.46196981473530512524e-10), size, 5.64189564831068821977e-1, 7.46321056442269912687, 4.86371970985681366614e1, 1.96520832956077098242e2);
        farTop = Horner(farTop, size, 5.26445194995477358631e2, 9.34528527171957607540e2, 1.02755188689515710272e3, 5.57535335369399327526e2);
        L farBottom = Horner(L.From(1), size, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2, 9.75708501743205489753e2);
        farBottom = Horner(farBottom, size, 1.82390916687909736289e3, 2.24633760818710981792e3, 1.65666309194161350182e3, 5.57535340817727675546e2);
        // One division for both.
        var quotient = L.Select(near, x * nearTop, gaussian * farTop) / L.Select(near, nearBottom, farBottom);
        var far = L.From(1) - quotient;
        return L.Select(near, quotient, L.Select(L.Less(x, L.From(0)), -far, far));
    }

    // A polynomial's next four coefficients. Not a loop: as constants they need not be made into vectors each time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static L Horner<L>(L sum, L x, double a, double b, double c, double d) where L : struct, ILanes<L>
    {
        sum = L.MultiplyAdd(L.MultiplyAdd(sum, x, L.From(a)), x, L.From(b));
        return L.MultiplyAdd(L.MultiplyAdd(sum, x, L.From(c)), x, L.From(d));
    }
}
