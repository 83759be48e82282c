namespace Cresset.Kernels;

// Attention of each head by itself: query [..., T, D], key [..., S, D], value [..., S, E], y [..., T, E] of equal dimensions before the
// last two, none of them empty; every operand's rows may stand anywhere, the elements of a row are neighbours.
public abstract partial class Backend
{
    /// <summary>y = softmax(query keyᵀ scale + mask) value; where <paramref name="isCausal"/>, row t sees the keys up to t alone. The mask
    /// [..., T, S], where there is one, is added; logSumExp [..., T] gets the logarithm of the sum of each row's exponentials.</summary>
    public abstract void Attention(double scale, bool isCausal, in Operand query, in Operand key, in Operand value, Operand? mask, in Operand y, in Operand logSumExp);

    /// <summary>Of that, with the weights P = exp(query keyᵀ scale + mask - logSumExp), dP = dy valueᵀ and dS = P (dP - the sum of P dP over a
    /// row) scale: dquery = dS key, dkey = dSᵀ query, dvalue = Pᵀ dy.</summary>
    public abstract void AttentionGradient(double scale, bool isCausal, in Operand dy, in Operand query, in Operand key, in Operand value, Operand? mask,
        in Operand logSumExp, in Operand dquery, in Operand dkey, in Operand dvalue);

    /// <summary>Each pair of columns (i, i + D / 2) of x [..., T, D] turned by an angle of row and column: with x's halves a and b, y's are
    /// a cosine - b sine and b cosine + a sine, or turned back: the sines' signs are the other ones. Cosine and sine [T, D / 2]; rows may stand
    /// anywhere.</summary>
    public abstract void Rotate(bool back, in Operand x, in Operand cosine, in Operand sine, in Operand y);
}
