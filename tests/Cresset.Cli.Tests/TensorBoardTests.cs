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
        Assert.Empty(events[0][7]);
        // A tensor of type string (7), [1], for the plugin "text".
        var tensor = Fields(Value(events[3])[8].Single());
        Assert.Equal(7, BitConverter.ToInt64(tensor[1].Single()));
        Assert.Equal(1, BitConverter.ToInt64(Fields(Fields(tensor[2].Single())[2].Single())[1].Single()));
        Assert.Equal("**ünïcödé**", Text(tensor, 8));
        Assert.Equal("text", Text(Fields(Fields(Value(events[3])[9].Single())[1].Single()), 1));
    }

    static double[] Doubles(byte[] packed) => [.. packed.Chunk(8).Select(b => BitConverter.ToDouble(b))];

    // PyTorch's limits, each from its power, and each value counted by looking at every bucket.
    static (double[] Limits, double[] Counts) Histogram(double[] values)
    {
        List<double> limits = [];
        for (var v = 1e-12; v < 1e20; v *= 1.1)
        {
            limits.Insert(0, -v);
            limits.Add(v);
        }
        limits.Insert(limits.Count / 2, 0);
        double[] counts = [.. limits.Skip(1).Select((upper, i) => (double)values.Count(v => v >= limits[i] && (v < upper || (i == limits.Count - 2 && v == upper))))];
        int first = Array.FindIndex(counts, n => n > 0), last = Array.FindLastIndex(counts, n => n > 0);
        return ([.. limits.Skip(first).Take(last - first + 2)], [0, .. counts[first..(last + 1)]]);
    }

    [Fact]
    public void Histograms_have_the_buckets_of_PyTorch()
    {
        using var temp = new TempFolder();
        double[] spread = [-3, -0.5, -1e-12, -1e-13, 0, 0, 1e-12, 1e-12 * 1.1, 0.25, 0.26, 100, 1e19];
        string path;
        using (var writer = new SummaryWriter(temp["events"]))
        {
            path = writer.FilePath;
            writer.AddHistogram("spread", Tensor.From(spread, [3, 4]), 5);
            writer.AddHistogram("one", Tensor.From([2f, float.NaN, float.PositiveInfinity]), 6);
            writer.AddHistogram("none", Tensor.From([float.NaN]), 7);
            writer.AddHistogram("far", Tensor.From([1e30, -1e30]), 8);
            Assert.Throws<ArgumentException>(() => writer.AddHistogram("empty", Tensor.Zeros([0, 3]), 9));
        }
        var events = Records(path).ConvertAll(Fields);
        Assert.Equal([0, 5, 6, 7, 8], events.Select(Step));
        var (limits, counts) = Histogram(spread);
        var histogram = Fields(Value(events[1])[5].Single());
        double Number(int field) => BitConverter.ToDouble(histogram[field].Single());
        Assert.Equal([-3, 1e19, 12, spread.Sum(), spread.Sum(v => v * v)], new[] { 1, 2, 3, 4, 5 }.Select(Number));
        Assert.Equal(limits, Doubles(histogram[6].Single()));
        Assert.Equal(counts, Doubles(histogram[7].Single()));
        Assert.Equal(12, counts.Sum());

        histogram = Fields(Value(events[2])[5].Single());
        Assert.Equal([2, 2, 1, 2, 4], new[] { 1, 2, 3, 4, 5 }.Select(Number));
        Assert.Equal([0, 1], Doubles(histogram[7].Single()));
        // An empty message: zero values, no bucket.
        Assert.Empty(Fields(Value(events[3])[5].Single()));
        Assert.Empty(Fields(Value(events[4])[5].Single())[6]);
    }

    [Fact]
    public void Events_are_in_the_file_at_once()
    {
        using var temp = new TempFolder();
        using var writer = new SummaryWriter(temp["events"]);
        writer.AddScalar("loss", 1, 1);
        using var file = new FileStream(writer.FilePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var copy = new MemoryStream();
        file.CopyTo(copy);
        Assert.Equal("loss", Text(Value(Fields(Records(temp.Write("copy", copy.ToArray()))[1])), 1));
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
        // Each begins with its version and a session's start (7: status 1) at the first step that it holds.
        Assert.All(files.Zip([1, 3]), f =>
        {
            var start = Records(f.First).ConvertAll(Fields)[..3];
            Assert.Equal("brain.Event:2", Text(start[0], 3));
            Assert.Equal(1, BitConverter.ToInt64(Fields(start[1][7].Single())[1].Single()));
            Assert.All(start, e => Assert.Equal(f.Second, Step(e)));
        });
        var history = File.ReadAllLines(Path.Combine(run, "history.csv"));
        var column = Array.IndexOf(history[0].Split(','), "validation_loss");
        var losses = files.SelectMany(Records).Select(Fields).Where(e => e[5].Any() && Text(Value(e), 1) == "loss/test")
            .OrderBy(Step).Select(e => (Step(e), BitConverter.ToSingle(Value(e)[2].Single())));
        Assert.Equal([1, 2, 3], losses.Select(l => l.Item1));
        // The parameters as the last epoch left them.
        var parameters = Cresset.Serialization.SafeTensors.Load(Path.Combine(run, "model.safetensors")).Tensors;
        var histograms = Records(files[1]).Select(Fields).Where(e => e[5].Any() && Value(e)[5].Any()).ToDictionary(e => Text(Value(e), 1), e => Fields(Value(e)[5].Single()));
        Assert.Equal(parameters.Keys.Select(name => $"parameters/{name}").Order(), histograms.Keys.Order());
        foreach (var (name, parameter) in parameters)
            Assert.Equal(parameter.To(DType.Float64).Sum().Item(), BitConverter.ToDouble(histograms[$"parameters/{name}"][4].Single()), 1e-9);
        Assert.All(losses, l => Assert.Equal(double.Parse(history[l.Item1].Split(',')[column], System.Globalization.CultureInfo.InvariantCulture), l.Item2, 1e-5));
    }
}
