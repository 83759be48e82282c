namespace Cresset.Kernels;

// Normalisation by channels: contiguous operands x [N, C, ...], values of the channels [C].
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
}
