namespace Cresset.Kernels;

// Normalisation by channels, x [N, C, ...] with values of the channels [C], by rows, x [..., C] with weights of the columns
// [C] and values of the rows, and by groups of channels, x [N, C, ...] with weights of the channels [C] and values of the groups [N, G];
// all operands contiguous.
public abstract partial class Backend
{
    /// <summary>y = (x - mean) scale weight + bias + other, or the larger of that and 0: mean, variance (with n in the denominator) and
    /// scale = 1 / √(variance + eps) of each channel of x; all three are given back.</summary>
    public abstract void ChannelNormalization(double eps, in Operand x, in Operand weight, in Operand bias, Operand? other, bool relu, in Operand y,
        in Operand mean, in Operand variance, in Operand scale);

    /// <summary>factor = weight / √(variance + eps) and addend = bias - mean factor, all [C]: what <see cref="ScaleChannels"/> makes a
    /// normalisation with given statistics of. A missing weight is 1, a missing bias 0.</summary>
    public abstract void ChannelFactors(double eps, in Operand mean, in Operand variance, Operand? weight, Operand? bias, in Operand factor, in Operand addend);

    /// <summary>y = x factor + addend + other, factor and addend channel by channel, or the larger of that and 0.</summary>
    public abstract void ScaleChannels(in Operand x, in Operand factor, in Operand addend, Operand? other, bool relu, in Operand y);

    /// <summary>Of y = z weight + bias + other, z = (x - mean) scale with mean and scale = 1 / deviation of x itself, n values a channel:
    /// dbias = the sum of dy, dweight = the sum of dy z, dx = weight scale (dy - dbias / n - z dweight / n), dother = dy. Where
    /// <paramref name="rectified"/>, the larger of y and 0, is given, dy counts only where it is not 0; where <paramref name="bias"/> is given
    /// instead, and there was no other, dy counts only where y, computed again, is above 0.</summary>
    public abstract void ChannelNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight, Operand? bias, Operand? rectified,
        in Operand dx, in Operand dweight, in Operand dbias, Operand? dother);

    /// <summary>y = (x - mean) scale weight + bias, mean and scale = 1 / √(variance + eps) of each row of x; both are given
    /// back.</summary>
    public abstract void RowNormalization(double eps, in Operand x, in Operand weight, in Operand bias, in Operand y, in Operand mean, in Operand scale);

    /// <summary>Of that, with z = (x - mean) scale and g = dy weight: dx = scale (g - mean of g - z mean of g z) by rows, dweight =
    /// the sum of dy z and dbias = the sum of dy over the rows.</summary>
    public abstract void RowNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight,
        in Operand dx, in Operand dweight, in Operand dbias);

    /// <summary>y = (x - mean) scale weight + bias, mean and scale = 1 / √(variance + eps) of each group of neighbouring channels of each
    /// sample; both are given back.</summary>
    public abstract void GroupNormalization(double eps, in Operand x, in Operand weight, in Operand bias, in Operand y, in Operand mean, in Operand scale);

    /// <summary>Of that, with z = (x - mean) scale and g = dy weight: dx = scale (g - mean of g - z mean of g z) by groups, dweight =
    /// the sum of dy z and dbias = the sum of dy by channels.</summary>
    public abstract void GroupNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight,
        in Operand dx, in Operand dweight, in Operand dbias);
}
