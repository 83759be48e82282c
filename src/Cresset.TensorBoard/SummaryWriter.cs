using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Cresset.TensorBoard.Wire;
using Google.Protobuf;

namespace Cresset.TensorBoard;

/// <summary>Writes an event file that TensorBoard shows. What was added is the system's at once, so that it outlives the process, however
/// that ends. PyTorch: <c>torch.utils.tensorboard.SummaryWriter</c>, which keeps up to ten events or two minutes back.</summary>
public sealed class SummaryWriter : IDisposable
{
    const int StringType = 7, SessionStart = 1;

    // The limits of PyTorch's and TensorFlow's histograms: from 1e-12 a tenth more each, to below 1e20, and the same below zero.
    static readonly double[] Limits = MakeLimits();

    readonly FileStream file;

    /// <summary>Starts a new event file in the folder, which is made where it is missing.</summary>
    /// <param name="folder">The folder; TensorBoard takes its files together as one run.</param>
    /// <param name="purgeStep">Where a run goes on that was interrupted: what its earlier files hold at this step and later ones is not
    /// shown any more, since it will be written again. PyTorch: <c>purge_step</c>.</param>
    public SummaryWriter(string folder, long? purgeStep = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        var name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds():D10}.{Environment.MachineName}.{Environment.ProcessId}.{Guid.NewGuid():N}");
        FilePath = Path.Combine(folder, name);
        file = new FileStream(FilePath, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        Write(new Event { FileVersion = "brain.Event:2" }, purgeStep ?? 0);
        if (purgeStep is { } step) Write(new Event { SessionLog = new SessionLog { Status = SessionStart } }, step);
    }

    /// <summary>The event file.</summary>
    public string FilePath { get; }

    /// <summary>A number at a step.</summary>
    public void AddScalar(string tag, double value, long step) => Add(tag, step, new Summary.Types.Value { SimpleValue = (float)value });

    /// <summary>How values are spread at a step, such as those of a parameter. Buckets are TensorFlow's and PyTorch's default ones; NaN
    /// and infinities are left out. PyTorch: <c>add_histogram</c>, where they are errors.</summary>
    /// <param name="tag">What it is called.</param>
    /// <param name="values">Values of any shape and type, at least one.</param>
    /// <param name="step">The step.</param>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public void AddHistogram(string tag, Tensor values, long step)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.ElementCount == 0) throw new ArgumentException($"SummaryWriter.AddHistogram: expected at least one value, got a tensor of shape {values.Shape}");
        double[] finite = [.. values.Detach().To(DType.Float64).Flatten().ToArray<double>().Where(double.IsFinite)];
        var histogram = new HistogramProto { Num = finite.Length };
        if (finite.Length > 0)
        {
            histogram.Min = finite.Min();
            histogram.Max = finite.Max();
            histogram.Sum = finite.Sum();
            histogram.SumSquares = finite.Sum(value => value * value);
            Fill(histogram, finite);
        }
        Add(tag, step, new Summary.Types.Value { Histo = histogram });
    }

    /// <summary>A picture at a step, as an encoded PNG.</summary>
    public void AddImage(string tag, byte[] png, int height, int width, int channels, long step)
    {
        ArgumentNullException.ThrowIfNull(png);
        Add(tag, step, new Summary.Types.Value
        {
            Image = new Summary.Types.Image { Height = height, Width = width, Colorspace = channels, EncodedImageString = ByteString.CopyFrom(png) },
        });
    }

    /// <summary>A text, in Markdown, at a step.</summary>
    public void AddText(string tag, string text, long step)
    {
        var tensor = new TensorProto { Dtype = StringType, TensorShape = new TensorShapeProto() };
        tensor.TensorShape.Dim.Add(new TensorShapeProto.Types.Dim { Size = 1 });
        tensor.StringVal.Add(ByteString.CopyFromUtf8(text));
        Add(tag, step, new Summary.Types.Value
        {
            Tensor = tensor,
            Metadata = new SummaryMetadata { PluginData = new SummaryMetadata.Types.PluginData { PluginName = "text" } },
        });
    }

    /// <summary>Waits until what was written so far is on the disk, so that it outlives the machine as well.</summary>
    public void Flush() => file.Flush(flushToDisk: true);

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    static double[] MakeLimits()
    {
        List<double> above = [];
        for (var limit = 1e-12; limit < 1e20; limit *= 1.1) above.Add(limit);
        return [.. above.AsEnumerable().Reverse().Select(limit => -limit), 0, .. above];
    }

    // Buckets from the first to the last that holds a value, and an empty one before them, whose limit tells where the first begins.
    // A bucket holds its lower limit, the very last one its upper as well; what lies outside of all is in none.
    static void Fill(HistogramProto histogram, double[] values)
    {
        var counts = new long[Limits.Length - 1];
        foreach (var value in values)
        {
            var place = Array.BinarySearch(Limits, value);
            if (place < 0) place = ~place - 1;
            if (value == Limits[^1]) place--;
            if (place >= 0 && place < counts.Length) counts[place]++;
        }
        var (first, last) = (Array.FindIndex(counts, n => n > 0), Array.FindLastIndex(counts, n => n > 0));
        if (first < 0) return;
        histogram.BucketLimit.AddRange(Limits[first..(last + 2)]);
        histogram.Bucket.Add(0);
        histogram.Bucket.AddRange(counts[first..(last + 1)].Select(n => (double)n));
    }

    void Add(string tag, long step, Summary.Types.Value value)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        value.Tag = tag;
        var summary = new Summary();
        summary.Value.Add(value);
        Write(new Event { Summary = summary }, step);
    }

    // A record: length, its checksum, the message, its checksum, all little-endian.
    void Write(Event message, long step)
    {
        message.WallTime = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        message.Step = step;
        var data = message.ToByteArray();
        var record = new byte[data.Length + 16];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), Checksum(record.AsSpan(0, 8)));
        data.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), Checksum(data));
        file.Write(record);
    }

    // CRC32C, turned and shifted so that the checksum of data that holds checksums is none of its own.
    static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data) crc = BitOperations.Crc32C(crc, b);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }
}
