using Cresset.Kernels;
using Cresset.Kernels.Cpu;

namespace Cresset.Tests.ReferenceBackend;

sealed partial class NaiveBackend
{
    static Lane<double> Gate(double[] gates, int count, int gate, int i, int units) => gate < count ? new(gates[(i / units * count + gate) * units + i % units]) : default;

    static void SetGates(double[] gates, int count, int i, int units, params ReadOnlySpan<Lane<double>> values)
    {
        for (var gate = 0; gate < count; gate++) gates[(i / units * count + gate) * units + i % units] = values[gate].Value;
    }

    static Operand Rows(in Operand x, int start, int count) => new(x.Storage, x.Layout.Narrow(0, start, count), x.DType);

    static Operand? Rows(Operand? x, int start, int count) => x is { } given ? Rows(given, start, count) : null;

    // First row and number of rows of each step, in the order in which they are computed.
    static (int Start, int Count)[] InOrder(ReadOnlySpan<int> batchSizes, bool reverse)
    {
        var steps = new (int, int)[batchSizes.Length];
        for (int t = 0, start = 0; t < steps.Length; start += batchSizes[t++]) steps[t] = (start, batchSizes[t]);
        if (reverse) Array.Reverse(steps);
        return steps;
    }

    public override void Recurrence<TCell>(TCell cell, ReadOnlySpan<int> batchSizes, bool reverse, in Operand x, in Operand inputWeight, Operand? inputBias, in Operand weight, Operand? bias,
        in Operand state, Operand? memory, in Operand y, Operand? gates, Operand? previous, Operand? kept)
    {
        double[] weights = Read(weight), inputWeights = Read(inputWeight);
        var outputs = weight.Layout.Shape[0];
        double[] Given(Operand? given) => given is { } values ? Read(values) : new double[outputs];
        double[] inputBiases = Given(inputBias), biases = Given(bias);
        foreach (var (start, count) in InOrder(batchSizes, reverse))
        {
            var now = Rows(state, 0, count);
            Step(cell, Shares(Read(Rows(x, start, count)), inputWeights, inputBiases), Shares(Read(now), weights, biases), now, Rows(memory, 0, count), Rows(y, start, count),
                Rows(gates, start, count), Rows(previous, start, count), Rows(kept, start, count));
        }
    }

    // [B, K] times [G H, K] transposed, + bias.
    static double[] Shares(double[] rows, double[] weights, double[] biases)
    {
        int outputs = biases.Length, inputs = weights.Length / outputs;
        var shares = new double[rows.Length / inputs * outputs];
        for (var i = 0; i < shares.Length; i++)
        {
            shares[i] = biases[i % outputs];
            for (var j = 0; j < inputs; j++) shares[i] += rows[i / outputs * inputs + j] * weights[i % outputs * inputs + j];
        }
        return shares;
    }

    public override void RecurrenceGradient<TCell>(TCell cell, ReadOnlySpan<int> batchSizes, bool reverse, Operand? dy, in Operand dstate, in Operand carry, in Operand gates, in Operand weight, in Operand previous, Operand? kept, in Operand dgates, Operand? dstateGates, bool first)
    {
        var weights = Read(weight);
        int outputs = weight.Layout.Shape[0], units = weight.Layout.Shape[1];
        var order = InOrder(batchSizes, !reverse);
        for (var step = 0; step < order.Length; step++)
        {
            var (start, count) = order[step];
            var now = Rows(dstate, 0, count);
            var dshares = StepGradient(cell, Rows(dy, start, count), now, Rows(carry, 0, count), Rows(gates, start, count), Rows(previous, start, count), Rows(kept, start, count), Rows(dgates, start, count), Rows(dstateGates, start, count));
            if (!first && step + 1 == order.Length) break;
            var sums = new double[count * units];
            for (var i = 0; i < sums.Length; i++)
                for (var j = 0; j < outputs; j++) sums[i] += dshares[i / units * outputs + j] * weights[j * units + i % units];
            Write(now, sums);
        }
    }

    void Step<TCell>(TCell cell, double[] xs, double[] hs, in Operand state, Operand? memory, in Operand y, Operand? gates, Operand? previous, Operand? kept) where TCell : unmanaged, IRecurrentCell
    {
        double[] states = Read(state), memories = memory is { } m ? Read(m) : new double[states.Length], keep = new double[states.Length];
        if (previous is { } before) Write(before, states);
        var units = state.Layout.Shape[1];
        for (var i = 0; i < states.Length; i++)
        {
            Lane<double> X(int gate) => Gate(xs, TCell.Gates, gate, i, units);
            Lane<double> S(int gate) => Gate(hs, TCell.Gates, gate, i, units);
            Lane<double> a = X(0), b = X(1), c = X(2), d = X(3), next = new(states[i]), remembered = new(memories[i]);
            keep[i] = cell.Step(ref a, ref b, ref c, ref d, S(0), S(1), S(2), S(3), ref next, ref remembered).Value;
            SetGates(xs, TCell.Gates, i, units, a, b, c, d);
            (states[i], memories[i]) = (next.Value, remembered.Value);
        }
        if (gates is { } results) Write(results, xs);
        Write(state, states);
        Write(y, states);
        if (memory is { } target) Write(target, memories);
        if (kept is { } room) Write(room, keep);
    }

    double[] StepGradient<TCell>(TCell cell, Operand? dy, in Operand dstate, in Operand carry, in Operand gates, in Operand previous, Operand? kept, in Operand dgates, Operand? dstateGates) where TCell : unmanaged, IRecurrentCell
    {
        double[] after = Read(dstate), carries = Read(carry), values = Read(gates), before = Read(previous), keep = kept is { } k ? Read(k) : before, outer = dy is { } given ? Read(given) : new double[after.Length];
        double[] dx = new double[values.Length], dh = new double[values.Length];
        var units = carry.Layout.Shape[1];
        for (var i = 0; i < after.Length; i++)
        {
            Lane<double> X(int gate) => Gate(values, TCell.Gates, gate, i, units);
            Lane<double> a = X(0), b = X(1), c = X(2), d = X(3), passed = new(carries[i]);
            var third = cell.Gradient(ref a, ref b, ref c, ref d, new Lane<double>(keep[i]), new Lane<double>(before[i]), new Lane<double>(outer[i] + after[i]), ref passed);
            SetGates(dx, TCell.Gates, i, units, a, b, c, d);
            SetGates(dh, TCell.Gates, i, units, a, b, third, d);
            carries[i] = passed.Value;
        }
        Write(dgates, dx);
        if (dstateGates is { } shares) Write(shares, dh);
        Write(carry, carries);
        return dh;
    }
}
