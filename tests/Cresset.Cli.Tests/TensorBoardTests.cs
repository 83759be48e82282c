using System.Buffers.Binary;
using System.Text;
using Cresset.TensorBoard;
using Cresset.Tests;
using Xunit;

namespace Cresset.Cli.Tests;

// Reads event files by the published formats alone: TFRecord, and the wire format and field numbers of TensorBoard's messages.
public class TensorBoardTests
{
    // CRC-32C bit by bit.
    static uint Crc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }
        return ~crc;
    }

    static uint Masked(ReadOnlySpan<byte> data) => ((Crc(data) >> 15) | (Crc(data) << 17)) + 0xa282ead8;

    static List<byte[]> Records(string path)
    {
        var bytes = File.ReadAllBytes(path).AsSpan();
        List<byte[]> records = [];
        while (bytes.Length > 0)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            Assert.Equal(Masked(bytes[..8]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
            var data = bytes.Slice(12, length);
            Assert.Equal(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(bytes[(12 + length)..]));
            records.Add(data.ToArray());
            bytes = bytes[(16 + length)..];
        }
        return records;
    }

    // The fields of a message by number: numbers as 8 bytes, the rest as they are.
    static ILookup<int, byte[]> Fields(byte[] message)
    {
        List<(int, byte[])> fields = [];
        var at = 0;
        ulong Varint()
        {
            ulong value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var part = message[at++];
                value |= (ulong)(part & 0x7f) << shift;
                if (part < 0x80) return value;
            }
        }
        byte[] Take(int count)
        {
            at += count;
            return message[(at - count)..at];
        }
        while (at < message.Length)
        {
            var key = Varint();
            fields.Add(((int)(key >> 3), (key & 7) switch
            {
                0 => BitConverter.GetBytes(Varint()),
                1 => Take(8),
                2 => Take((int)Varint()),
                5 => Take(4),
                _ => throw new InvalidDataException($"wire type {key & 7}"),
            }));
        }
        return fields.ToLookup(f => f.Item1, f => f.Item2);
    }

    static long Step(ILookup<int, byte[]> message) => message[2].Select(b => BitConverter.ToInt64(b)).SingleOrDefault();

    static string Text(ILookup<int, byte[]> message, int field) => Encoding.UTF8.GetString(message[field].Single());

    // The value of an event's summary.
    static ILookup<int, byte[]> Value(ILookup<int, byte[]> message) => Fields(Fields(message[5].Single())[1].Single());

    [Fact]
    public void The_checksum_is_CRC_32C() => Assert.Equal(0xE3069283, Crc("123456789"u8));

    [Fact]
    public void Numbers_pictures_and_texts_are_written_as_TensorBoard_reads_them()
    {
        using var temp = new TempFolder();
        string path;
        using (var writer = new SummaryWriter(temp["events"]))
        {
            path = writer.FilePath;
            writer.AddScalar("loss/train", 0.25, 7);
            writer.AddImage("digit", [1, 2, 3], height: 28, width: 20, channels: 1, step: 1L << 40);
            writer.AddText("note", "**ünïcödé**", 0);
        }
        Assert.StartsWith("events.out.tfevents.", Path.GetFileName(path), StringComparison.Ordinal);
        var events = Records(path).ConvertAll(Fields);
        Assert.Equal(4, events.Count);
        Assert.Equal("brain.Event:2", Text(events[0], 3));
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Assert.All(events, e => Assert.InRange(BitConverter.ToDouble(e[1].Single()), now - 3600, now + 1));
        Assert.Equal([0, 7, 1L << 40, 0], events.Select(Step));

        Assert.Equal("loss/train", Text(Value(events[1]), 1));
        Assert.Equal(0.25f, BitConverter.ToSingle(Value(events[1])[2].Single()));
        var image = Fields(Value(events[2])[4].Single());
        Assert.Equal([28, 20, 1], new[] { 1, 2, 3 }.Select(n => BitConverter.ToInt64(image[n].Single())));
        Assert.Equal([1, 2, 3], image[4].Single());
        // A tensor of type string (7), [1], for the plugin "text".
        var tensor = Fields(Value(events[3])[8].Single());
        Assert.Equal(7, BitConverter.ToInt64(tensor[1].Single()));
        Assert.Equal(1, BitConverter.ToInt64(Fields(Fields(tensor[2].Single())[2].Single())[1].Single()));
        Assert.Equal("**ünïcödé**", Text(tensor, 8));
        Assert.Equal("text", Text(Fields(Fields(Value(events[3])[9].Single())[1].Single()), 1));
    }

    [Fact]
    public void A_run_and_its_resumption_are_logged()
    {
        using var temp = new TempFolder();
        string[] small = ["train", "--model", "linear", "--train-count", "100", "--test-count", "40", "--epochs", "3", "--tensorboard", "--output", temp["runs"]];
        using var stop = new CancellationTokenSource();
        using (var output = new StopAt("epoch 2/3", stop))
            Assert.Equal(130, CressetCommand.Run(small, output, TextWriter.Null, isTerminal: false, stop.Token));
        var run = Directory.GetDirectories(temp["runs"]).Single();
        Assert.Equal(0, CommandLine.Run("train", "--resume", run).Code);
        string[] files = [.. Directory.GetFiles(run, "events.out.tfevents.*").OrderBy(File.GetLastWriteTimeUtc)];
        Assert.Equal(2, files.Length);
        var history = File.ReadAllLines(Path.Combine(run, "history.csv"));
        var column = Array.IndexOf(history[0].Split(','), "validation_loss");
        var losses = files.SelectMany(Records).Select(Fields).Where(e => e[5].Any() && Text(Value(e), 1) == "loss/test")
            .OrderBy(Step).Select(e => (Step(e), BitConverter.ToSingle(Value(e)[2].Single())));
        Assert.Equal([1, 2, 3], losses.Select(l => l.Item1));
        Assert.All(losses, l => Assert.Equal(double.Parse(history[l.Item1].Split(',')[column], System.Globalization.CultureInfo.InvariantCulture), l.Item2, 1e-5));
    }
}
