using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

// h' = tanh(x + h).
readonly struct TanhCell : IRecurrentCell
{
    public static int Gates => 1;
    public static bool HasMemory => false;
    public static bool GatesAreSums => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public L Step<L>(ref L a, ref L b, ref L c, ref L d, L stateA, L stateB, L stateC, L stateD, ref L state, ref L memory) where L : struct, ILanes<L> =>
        state = a = L.Tanh(a + stateA);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public L Gradient<L>(ref L a, ref L b, ref L c, ref L d, L kept, L previous, L dstate, ref L carry) where L : struct, ILanes<L>
    {
        a = dstate * (L.From(1) - a * a);
        return c;
    }
}

// h' = max(x + h, 0).
readonly struct ReluCell : IRecurrentCell
{
    public static int Gates => 1;
    public static bool HasMemory => false;
    public static bool GatesAreSums => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public L Step<L>(ref L a, ref L b, ref L c, ref L d, L stateA, L stateB, L stateC, L stateD, ref L state, ref L memory) where L : struct, ILanes<L> =>
        state = a = L.Max(a + stateA, L.From(0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public L Gradient<L>(ref L a, ref L b, ref L c, ref L d, L kept, L previous, L dstate, ref L carry) where L : struct, ILanes<L>
    {
        a = L.Select(L.LessOrEqual(a, L.From(0)), L.From(0), dstate);
        return c;
    }
}

// Gates i, f, g, o: c' = f c + i g, h' = o tanh(c'). Keeps c.
readonly struct LongShortTermCell : IRecurrentCell
{
    public static int Gates => 4;
    public static bool HasMemory => true;
    public static bool GatesAreSums => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public L Step<L>(ref L a, ref L b, ref L c, ref L d, L stateA, L stateB, L stateC, L stateD, ref L state, ref L memory) where L : struct, ILanes<L>
    {
        var kept = memory;
        a = GatedCell.Sigmoid(a + stateA);
        b = GatedCell.Sigmoid(b + stateB);
        c = L.Tanh(c + stateC);
        d = GatedCell.Sigmoid(d + stateD);
        memory = b * memory + a * c;
        state = d * L.Tanh(memory);
        return kept;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public L Gradient<L>(ref L a, ref L b, ref L c, ref L d, L kept, L previous, L dstate, ref L carry) where L : struct, ILanes<L>
    {
        L one = L.From(1), bent = L.Tanh(b * kept + a * c);
        var dmemory = carry + dstate * d * (one - bent * bent);
        carry = dmemory * b;
        var dinput = dmemory * c * a * (one - a);
        d = dstate * bent * d * (one - d);
        c = dmemory * a * (one - c * c);
        b = dmemory * kept * b * (one - b);
        a = dinput;
        return c;
    }
}

// Gates r, z, n: n = tanh(x + r h), h' = (1 - z) n + z h. Keeps the state's share of n.
readonly struct GatedCell : IRecurrentCell
{
    public static int Gates => 3;
    public static bool HasMemory => false;
    public static bool GatesAreSums => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static L Sigmoid<L>(L x) where L : struct, ILanes<L> => L.From(1) / (L.From(1) + L.Exp(-x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public L Step<L>(ref L a, ref L b, ref L c, ref L d, L stateA, L stateB, L stateC, L stateD, ref L state, ref L memory) where L : struct, ILanes<L>
    {
        a = Sigmoid(a + stateA);
        b = Sigmoid(b + stateB);
        c = L.Tanh(c + a * stateC);
        state = (L.From(1) - b) * c + b * state;
        return stateC;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public L Gradient<L>(ref L a, ref L b, ref L c, ref L d, L kept, L previous, L dstate, ref L carry) where L : struct, ILanes<L>
    {
        var one = L.From(1);
        var dy = dstate + carry;
        carry = dy * b;
        var dnew = dy * (one - b) * (one - c * c);
        b = dy * (previous - c) * b * (one - b);
        var share = dnew * a;
        a = dnew * kept * a * (one - a);
        c = dnew;
        return share;
    }
}
