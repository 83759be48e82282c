namespace Cresset.Kernels;

/// <summary>What a recurrent layer computes of one hidden unit in one step, and its gradient. A cell has one to four gates; of
/// those that it does not have, the values mean nothing.</summary>
public interface IRecurrentCell
{
    /// <summary>The number of gates, 1 to 4.</summary>
    static abstract int Gates { get; }

    /// <summary>Whether the cell has a memory beside its state.</summary>
    static abstract bool HasMemory { get; }

    /// <summary>Whether the gradient of a gate is the same for its share of the input and its share of the state.</summary>
    static abstract bool GatesAreSums { get; }

    /// <summary>One step: takes the input's shares of the gates and gives what the gates became.</summary>
    /// <param name="a">The first gate.</param>
    /// <param name="b">The second.</param>
    /// <param name="c">The third.</param>
    /// <param name="d">The fourth.</param>
    /// <param name="stateA">The state's share of the first gate.</param>
    /// <param name="stateB">Of the second.</param>
    /// <param name="stateC">Of the third.</param>
    /// <param name="stateD">Of the fourth.</param>
    /// <param name="state">The state before and after.</param>
    /// <param name="memory">The memory before and after.</param>
    /// <returns>What the gradient needs beside the gates and the state before.</returns>
    L Step<L>(ref L a, ref L b, ref L c, ref L d, L stateA, L stateB, L stateC, L stateD, ref L state, ref L memory) where L : struct, ILanes<L>;

    /// <summary>The gradient of a step: takes what the gates became and gives the gradients of the input's shares.</summary>
    /// <param name="a">The first gate.</param>
    /// <param name="b">The second.</param>
    /// <param name="c">The third.</param>
    /// <param name="d">The fourth.</param>
    /// <param name="kept">What the step returned.</param>
    /// <param name="previous">The state before.</param>
    /// <param name="dstate">The gradient of the state after, as far as others sent it.</param>
    /// <param name="carry">What the step after this one passed on directly (to the memory, or to the state of a cell without
    /// one); becomes what is passed on to the step before.</param>
    /// <returns>The gradient of the state's share of the third gate; those of the others equal the input's.</returns>
    L Gradient<L>(ref L a, ref L b, ref L c, ref L d, L kept, L previous, L dstate, ref L carry) where L : struct, ILanes<L>;
}

// Recurrent layers: a batch of sequences over all steps. H hidden units, G gates side by side in rows of G H; batchSizes says how many
// sequences reach each step, never more than the step before. Operands [N, ...] hold the rows of all steps, one step after the other, those
// [B, ...] a row for each sequence. Rows may stand anywhere, the elements of a row are neighbours; the weights [G H, H] lie in any way.
public abstract partial class Backend
{
    /// <summary>All steps, from the last to the first where reverse. The input's shares of the gates are inputWeight [G H, D] times
    /// x [N, D] + inputBias, the state's weight times state + bias. state and memory [B, H] go on in place, y [N, H] gets the states;
    /// gates [N, G H], previous and kept [N, H], where given, what the cell makes of the gates, the states before and what else the gradient needs.</summary>
    public abstract void Recurrence<TCell>(TCell cell, ReadOnlySpan<int> batchSizes, bool reverse, in Operand x, in Operand inputWeight, Operand? inputBias,
        in Operand weight, Operand? bias, in Operand state, Operand? memory, in Operand y, Operand? gates, Operand? previous, Operand? kept)
        where TCell : unmanaged, IRecurrentCell;

    /// <summary>The gradient of that. dy (where given) is the gradient of y; dstate and carry [B, H] hold those of the last state and
    /// memory, and become, in place, those of the first: carry what the cell passes on directly, dstate what comes by way of the weights,
    /// if first asks for it. dgates and, where given, dstateGates [N, G H] get the gradients of the shares.</summary>
    public abstract void RecurrenceGradient<TCell>(TCell cell, ReadOnlySpan<int> batchSizes, bool reverse, Operand? dy, in Operand dstate, in Operand carry,
        in Operand gates, in Operand weight, in Operand previous, Operand? kept, in Operand dgates, Operand? dstateGates, bool first)
        where TCell : unmanaged, IRecurrentCell;
}
