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

// Recurrent layers: one step of a batch. H hidden units, G gates side by side in rows of G H; every operand's rows may stand
// anywhere, the elements of a row are neighbours.
public abstract partial class Backend
{
    /// <summary>One step. gates and stateGates [B, G H] hold the input's and the state's shares; gates become what the cell makes
    /// of them, state and memory [B, H] go on one step in place, y [B, H] gets the new state, and previous and kept, where given,
    /// the state before and what the gradient needs.</summary>
    public abstract void RecurrentStep<TCell>(TCell cell, in Operand gates, in Operand stateGates, in Operand state, Operand? memory, in Operand y,
        Operand? previous, Operand? kept) where TCell : unmanaged, IRecurrentCell;

    /// <summary>The gradient of a step. The gradient of the new state is dy (where given) + dstate; dgates and, where given,
    /// dstateGates [B, G H] get the gradients of the shares, and carry [B, H] goes on to the step before, in place.</summary>
    public abstract void RecurrentStepGradient<TCell>(TCell cell, Operand? dy, in Operand dstate, in Operand carry, in Operand gates, in Operand previous,
        Operand? kept, in Operand dgates, Operand? dstateGates) where TCell : unmanaged, IRecurrentCell;
}
