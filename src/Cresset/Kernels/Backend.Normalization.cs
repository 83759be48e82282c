namespace Cresset.Kernels;

// Normalisation by channels, x [N, C, ...] with values of the channels [C], and by rows, x [..., C] with weights of the columns
// [C] and values of the rows; all operands contiguous.
public abstract partial class Backend
{
    /// <summary>Mean and variance (with n in the denominator) of each channel.</summary>
    public abstract void ChannelStatistics(in Operand x, in Operand mean, in Operand variance);

    /// <summary>y = x factor + addend, channel by channel.</summary>
    public abstract void ScaleChannels(in Operand x, in Operand factor, in Operand addend, in Operand y);

    /// <summary>Of y = z weight + bias, z = (x - mean) scale with mean and scale = 1 / deviation of x itself, n values a channel:
    /// dbias = the sum of dy, dweight = the sum of dy z, dx = weight scale (dy - dbias / n - z dweight / n).</summary>
    public abstract void ChannelNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight,
        in Operand dx, in Operand dweight, in Operand dbias);

    /// <summary>y = (x - mean) scale weight + bias, mean and scale = 1 / √(variance + eps) of each row of x; both are given
    /// back.</summary>
    public abstract void RowNormalization(double eps, in Operand x, in Operand weight, in Operand bias, in Operand y, in Operand mean, in Operand scale);

    /// <summary>Of that, with z = (x - mean) scale and g = dy weight: dx = scale (g - mean of g - z mean of g z) by rows, dweight =
    /// the sum of dy z and dbias = the sum of dy over the rows.</summary>
    public abstract void RowNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight,
        in Operand dx, in Operand dweight, in Operand dbias);
}
