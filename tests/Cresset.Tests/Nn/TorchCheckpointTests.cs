using System.Diagnostics;
using System.IO.Compression;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Cresset.Nn;
using Cresset.Serialization;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Nn;

public sealed class TorchCheckpointTests : IDisposable
{
    const string Python = "/usr/bin/python3";

    static readonly string Folder = Path.Combine(ReferenceFile.Folder, "checkpoints");

    readonly TempFolder temp = new();

    public void Dispose() => temp.Dispose();

    static string Reference(string name) => Path.Combine(Folder, $"{name}.pt");

    static void Holds(OrderedDictionary<string, Tensor> tensors, string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "values.json")));
        var expected = json.RootElement.GetProperty(name).EnumerateObject().ToDictionary(p => p.Name, p => p.Value);
        Assert.Equal(expected.Keys, tensors.Keys);
        foreach (var (path, value) in expected)
        {
            Assert.Equal(value.GetProperty("dtype").GetString(), tensors[path].DType.Name());
            Assert.Equal(value.GetProperty("shape").EnumerateArray().Select(n => n.GetInt32()), tensors[path].Shape.AsSpan().ToArray());
            double[] data = [.. value.GetProperty("data").EnumerateArray().Select(n => n.ValueKind == JsonValueKind.String ? double.Parse(n.GetString()!, System.Globalization.CultureInfo.InvariantCulture) : n.GetDouble())];
            // Nine digits say which float32 it is.
            if (tensors[path].DType == DType.Float32) data = Array.ConvertAll(data, x => (double)(float)x);
            Assert.Equal(data, tensors[path].To(DType.Float64).ToArray<double>());
        }
    }

    [Theory]
    [InlineData("types-zip")]
    [InlineData("types-legacy")]
    [InlineData("views-zip")]
    [InlineData("views-legacy")]
    [InlineData("training-zip")]
    [InlineData("training-zip4")]
    [InlineData("training-legacy")]
    [InlineData("parallel-zip")]
    [InlineData("parallel-legacy")]
    public void Reads_what_PyTorch_wrote(string file) => Holds(TorchCheckpoint.Load(Reference(file)).Tensors, file.Split('-')[0]);

    [Theory]
    [InlineData("views-zip")]
    [InlineData("views-legacy")]
    public void Tensors_that_shared_memory_share_it(string file)
    {
        var tensors = TorchCheckpoint.Load(Reference(file)).Tensors;
        tensors["whole"].Select(0, 3).Select(0, 5).FillInPlace(42);
        Assert.Equal(42, tensors["scalar"].Item<float>());
        Assert.Equal(42, tensors["transposed"].Select(0, 5).Select(0, 3).Item<float>());
        Assert.Equal(7.5f, tensors["lone"].Item<float>());
    }

    [Theory]
    [InlineData("training-zip")]
    [InlineData("training-zip4")]
    [InlineData("training-legacy")]
    public void Values_beside_tensors_are_there(string file)
    {
        var values = TorchCheckpoint.Load(Reference(file)).Values;
        Assert.Equal(3L, values["epoch"]);
        Assert.Equal(0.8125, values["best"]);
        Assert.Equal("ünïcödé", values["name"]);
        Assert.Equal(false, values["done"]);
        Assert.Null(values["nothing"]);
        Assert.Equal(1L << 40, values["large"]);
        Assert.Equal(BigInteger.Pow(2, 80), values["huge"]);
        Assert.Equal([2L, 3L], (IEnumerable<object?>)values["sizes"]!);
        Assert.Equal("torch.float16", values["type"]);
        Assert.Equal("cpu", values["device"]);
        Assert.Equal([1L, 2.5, "x"], (IEnumerable<object?>)values["list"]!);
        Assert.Equal(new byte[] { 0, 255 }, values["bytes"]);
        Assert.Equal(0.01, values["optimizer.param_groups.0.lr"]);
        Assert.Equal(5L, values["tensors.1.1"]);
    }

    static Sequential Model() => new(new Linear(3, 2), new BatchNorm1d(2));

    [Theory]
    [InlineData("training-zip", "model")]
    [InlineData("parallel-legacy", "module")]
    public void A_state_dictionary_is_found_wherever_it_lies(string file, string path)
    {
        var checkpoint = TorchCheckpoint.Load(Reference(file));
        var model = Model();
        model.LoadStateDict(checkpoint.StateDictFor(model));
        Assert.Equal(checkpoint.Tensors[$"{path}.0.weight"].ToArray<float>(), model.StateDict()["0.weight"].ToArray<float>());
        Assert.Equal(model.StateDict().Keys, checkpoint.StateDict(path).Keys);
        Assert.Contains("no tensors below \"state_dict\"", Assert.Throws<ArgumentException>(() => checkpoint.StateDict("state_dict")).Message, StringComparison.Ordinal);
        Assert.Contains("got none with all of them", Assert.Throws<ArgumentException>(() => checkpoint.StateDictFor(new Sequential(new Linear(3, 2), new ReLU(), new Linear(2, 1)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_state_of_a_PyTorch_without_counts_of_batches_fits()
    {
        var state = TorchCheckpoint.Load(Reference("parallel-zip")).StateDict("module");
        state.Remove("1.num_batches_tracked");
        var model = Model();
        Assert.Empty(model.LoadStateDict(state).Missing);
        Assert.Equal(state["1.running_mean"].ToArray<float>(), model.StateDict()["1.running_mean"].ToArray<float>());
        state.Remove("1.running_mean");
        Assert.Contains("missing: 1.running_mean", Assert.Throws<ArgumentException>(() => model.LoadStateDict(state)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_at_several_places_is_not_guessed()
    {
        var model = new Linear(2, 1);
        TorchCheckpoint.Save(temp["two.pt"], new Dictionary<string, object?> { ["model"] = model.StateDict(), ["ema"] = model.StateDict() });
        var checkpoint = TorchCheckpoint.Load(temp["two.pt"]);
        Assert.Contains("several places: \"model\", \"ema\"", Assert.Throws<ArgumentException>(() => checkpoint.StateDictFor(model)).Message, StringComparison.Ordinal);
        Assert.Equal(2, checkpoint.StateDict("ema").Count);
    }

    [Theory]
    [InlineData("code-zip", "getcwd")]
    [InlineData("code-legacy", "getcwd")]
    [InlineData("module-zip", "torch.nn.modules.container.Sequential")]
    [InlineData("script-zip", "TorchScript")]
    public void Code_is_refused_by_name_and_nothing_runs(string file, string named)
    {
        var error = Assert.Throws<FormatException>(() => TorchCheckpoint.Load(Reference(file)));
        Assert.StartsWith(Reference(file), error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    static Dictionary<string, object?> Content()
    {
        var tied = Tensor.From([1f, 2, 3]);
        return new()
        {
            ["state_dict"] = new OrderedDictionary<string, Tensor>
            {
                ["bool"] = Tensor.From([true, false]),
                ["byte"] = Tensor.From(new byte[] { 0, 255 }),
                ["int"] = Tensor.From([int.MinValue, 7], [2, 1]),
                ["long"] = Tensor.From([long.MaxValue, -1]),
                ["float"] = Tensor.From([1.5f, float.NaN, float.NegativeInfinity, -0f], [2, 2]).T,
                ["double"] = Tensor.From(Math.PI, DType.Float64),
                ["empty"] = Tensor.Zeros([0, 3]),
                ["ünïcödé"] = Tensor.Arange(70000),
                ["one"] = tied,
                ["two"] = tied,
            },
            ["epoch"] = 3,
            ["large"] = 1L << 40,
            ["lr"] = 0.1,
            ["done"] = true,
            ["none"] = null,
            ["list"] = new object?[] { 1, "x", Tensor.Ones([2]) },
        };
    }

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        TorchCheckpoint.Save(temp["x.pt"], Content());
        var (tensors, values) = TorchCheckpoint.Load(temp["x.pt"]);
        foreach (var (name, tensor) in (OrderedDictionary<string, Tensor>)Content()["state_dict"]!)
        {
            Assert.Equal(tensor.DType, tensors[$"state_dict.{name}"].DType);
            Assert.Equal(tensor.Shape, tensors[$"state_dict.{name}"].Shape);
            Assert.Equal(tensor.To(DType.Float64).ToArray<double>(), tensors[$"state_dict.{name}"].To(DType.Float64).ToArray<double>());
        }
        Assert.Equal((3L, 1L << 40, 0.1, true, null), (values["epoch"], values["large"], values["lr"], values["done"], values["none"]));
        Assert.Equal([temp["x.pt"]], Directory.GetFiles(temp.Path));
    }

    [Fact]
    public async Task PyTorch_reads_what_is_written()
    {
        if (!File.Exists(Python)) Assert.Skip($"there is no {Python} to read the file with");
        TorchCheckpoint.Save(temp["x.pt"], Content());
        TorchCheckpoint.Save(temp["state.pt"], new Dictionary<string, object?> { ["state_dict"] = Content()["state_dict"], ["epoch"] = 3 });
        const string script = """
            import sys
            try:
                import torch
            except ImportError:
                sys.exit(77)
            # Before version 2 the careful reader knows no floating-point numbers beside the tensors.
            x = torch.load(sys.argv[1], weights_only=int(torch.__version__.split(".")[0]) >= 2)
            print(list(torch.load(sys.argv[2], weights_only=True)["state_dict"]) == list(x["state_dict"]))
            s = x["state_dict"]
            print(list(s))
            print([str(t.dtype)[6:] for t in s.values()])
            print([list(t.shape) for t in s.values()])
            print(s["bool"].tolist(), s["byte"].tolist(), s["int"].tolist(), s["long"].tolist(), s["float"].tolist(), s["double"].item())
            print(s["ünïcödé"].tolist() == list(range(70000)), s["one"].data_ptr() == s["two"].data_ptr(), s["one"].tolist())
            print(x["epoch"], x["large"], x["lr"], x["done"], x["none"], x["list"][:2], x["list"][2].tolist())
            s["float"].add_(1)
            torch.save(x, sys.argv[1] + "2")
            """;
        var start = new ProcessStartInfo(Python, ["-X", "utf8", "-c", script, temp["x.pt"], temp["state.pt"]]) { RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8 };
        using var process = Process.Start(start)!;
        var stop = TestContext.Current.CancellationToken;
        var errors = process.StandardError.ReadToEndAsync(stop);
        var lines = (await process.StandardOutput.ReadToEndAsync(stop)).Trim().Split('\n');
        await process.WaitForExitAsync(stop);
        if (process.ExitCode == 77) Assert.Skip($"{Python} has no torch to read the file with");
        Assert.True(process.ExitCode == 0, await errors);
        Assert.Equal("True", lines[0]);
        Assert.Equal("['bool', 'byte', 'int', 'long', 'float', 'double', 'empty', 'ünïcödé', 'one', 'two']", lines[1]);
        Assert.Equal("['bool', 'uint8', 'int32', 'int64', 'float32', 'float64', 'float32', 'int64', 'float32', 'float32']", lines[2]);
        Assert.Equal("[[2], [2], [2, 1], [2], [2, 2], [], [0, 3], [70000], [3], [3]]", lines[3]);
        Assert.Equal("[True, False] [0, 255] [[-2147483648], [7]] [9223372036854775807, -1] [[1.5, -inf], [nan, -0.0]] 3.141592653589793", lines[4]);
        Assert.Equal("True True [1.0, 2.0, 3.0]", lines[5]);
        Assert.Equal("3 1099511627776 0.1 True None [1, 'x'] [1.0, 1.0]", lines[6]);
        Assert.Equal(2.5f, TorchCheckpoint.Load(temp["x.pt2"]).Tensors["state_dict.float"].ToArray<float>()[0]);
    }

    [Fact]
    public void What_cannot_be_written_is_named_and_the_older_file_stays()
    {
        TorchCheckpoint.Save(temp["x.pt"], 5);
        var error = Assert.Throws<ArgumentException>(() => TorchCheckpoint.Save(temp["x.pt"], new Dictionary<string, object?> { ["a"] = new object?[] { 1, DateTime.Now } }));
        Assert.Contains("the content[a][1] is a DateTime", error.Message, StringComparison.Ordinal);
        Assert.Equal(5L, TorchCheckpoint.Load(temp["x.pt"]).Values[""]);
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("hello", "begins with neither")]
    [InlineData("PK\u0003\u0004", "cannot be read")]
    public void Other_files_are_refused(string text, string expected)
    {
        var path = temp.Write("x.pt", Encoding.Latin1.GetBytes(text));
        Assert.Contains(expected, Assert.Throws<FormatException>(() => TorchCheckpoint.Load(path)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => TorchCheckpoint.Load(temp["none.pt"]));
    }

    [Theory]
    [InlineData("training-legacy")]
    [InlineData("types-zip")]
    public void A_truncated_file_is_refused_at_every_length(string file)
    {
        var whole = File.ReadAllBytes(Reference(file));
        for (var length = 0; length < whole.Length; length += 7)
        {
            var path = temp.Write("x.pt", whole.AsSpan(0, length));
            Assert.StartsWith(path, Assert.Throws<FormatException>(() => TorchCheckpoint.Load(path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Memory_is_never_taken_for_what_a_file_merely_claims()
    {
        // A zip record that unpacks to a thousand times its size.
        using (var zip = ZipFile.Open(temp["bomb.pt"], ZipArchiveMode.Create))
        {
            using var stream = zip.CreateEntry("x/data.pkl", CompressionLevel.SmallestSize).Open();
            stream.Write(new byte[10_000_000]);
        }
        Assert.Contains("is compressed or encrypted", Assert.Throws<FormatException>(() => TorchCheckpoint.Load(temp["bomb.pt"])).Message, StringComparison.Ordinal);
    }
}
