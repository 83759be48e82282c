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

    public override void RecurrentStep<TCell>(TCell cell, in Operand gates, in Operand stateGates, in Operand state, Operand? memory, in Operand y, Operand? previous, Operand? kept)
    {
        double[] xs = Read(gates), hs = Read(stateGates), states = Read(state), memories = memory is { } m ? Read(m) : new double[states.Length], keep = new double[states.Length];
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
        Write(gates, xs);
        Write(state, states);
        Write(y, states);
        if (memory is { } target) Write(target, memories);
        if (kept is { } room) Write(room, keep);
    }

    public override void RecurrentStepGradient<TCell>(TCell cell, Operand? dy, in Operand dstate, in Operand carry, in Operand gates, in Operand previous, Operand? kept, in Operand dgates, Operand? dstateGates)
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
    }
}
