using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Cresset.TensorBoard.Wire;
using Google.Protobuf;

namespace Cresset.TensorBoard;

/// <summary>Writes an event file that TensorBoard shows. PyTorch: <c>torch.utils.tensorboard.SummaryWriter</c>.</summary>
public sealed class SummaryWriter : IDisposable
{
    const int StringType = 7;
    readonly FileStream file;

    /// <summary>Starts a new event file in the folder, which is made where it is missing.</summary>
    public SummaryWriter(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        var name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds():D10}.{Environment.MachineName}.{Environment.ProcessId}.{Guid.NewGuid():N}");
        FilePath = Path.Combine(folder, name);
        file = new FileStream(FilePath, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        Write(new Event { FileVersion = "brain.Event:2" }, 0);
    }

    /// <summary>The event file.</summary>
    public string FilePath { get; }

    /// <summary>A number at a step.</summary>
    public void AddScalar(string tag, double value, long step) => Add(tag, step, new Summary.Types.Value { SimpleValue = (float)value });

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

    /// <summary>Brings what was written so far to the file.</summary>
    public void Flush() => file.Flush();

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

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
