using System.Buffers.Binary;
using System.Text;
using Cresset.Nn;
using Cresset.Serialization;
using Xunit;

namespace Cresset.Tests.Nn;

public sealed class SafeTensorsTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("safetensors").FullName;

    string File(string name = "x.safetensors") => Path.Combine(folder, name);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string Write(string header, int values = 0, ulong? length = null)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + text.Length + values];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length ?? (ulong)text.Length);
        text.CopyTo(bytes, 8);
        bytes.AsSpan(8 + text.Length).Fill(2);
        System.IO.File.WriteAllBytes(File(), bytes);
        return File();
    }

    [Fact]
    public void Every_type_shape_and_text_comes_back()
    {
        var tensors = new OrderedDictionary<string, Tensor>
        {
            ["bool"] = Tensor.From([true, false, true]),
            ["byte"] = Tensor.From(new byte[] { 1, 255 }),
            ["int"] = Tensor.From([int.MinValue, 7], [2, 1]),
            ["long"] = Tensor.From([long.MaxValue, -1]),
            ["float"] = Tensor.From([1.5f, float.NaN, float.NegativeInfinity, -0f], [2, 2]).T,
            ["double"] = Tensor.From(Math.PI, DType.Float64),
            ["empty"] = Tensor.Zeros([0, 3]),
            ["\"ünïcödé\"\n"] = Tensor.Ones([1]),
        };
        SafeTensors.Save(File(), tensors, new Dictionary<string, string> { ["épochs"] = "3" });
        var (read, metadata) = SafeTensors.Load(File());
        Assert.Equal(tensors.Keys, read.Keys);
        Assert.Equal("3", metadata["épochs"]);
        foreach (var (name, value) in tensors)
        {
            Assert.Equal(value.DType, read[name].DType);
            Assert.Equal(value.Shape, read[name].Shape);
            Assert.Equal(value.To(DType.Float64).ToArray<double>(), read[name].To(DType.Float64).ToArray<double>());
        }
        Assert.Equal(long.MaxValue, read["long"].ToArray<long>()[0]);
        Assert.Equal([File()], Directory.GetFiles(folder));
    }

    [Fact]
    public void Mapped_tensors_are_the_file_s_and_changes_stay_with_them()
    {
        SafeTensors.Save(File(), new Dictionary<string, Tensor> { ["a"] = Tensor.Arange(100).To(DType.Float32), ["b"] = Tensor.From([true, false]), ["c"] = Tensor.Zeros([0, 2]) }, new Dictionary<string, string> { ["k"] = "v" });
        var before = System.IO.File.ReadAllBytes(File());
        var (tensors, metadata) = SafeTensors.Map(File());
        Assert.Equal("v", metadata["k"]);
        Assert.True(tensors["a"].Storage.IsWrapped);
        Assert.Equal(4950, tensors["a"].Sum().Item<float>());
        Assert.Equal([true, false], tensors["b"].ToArray<bool>());
        Assert.Equal(new Shape(0, 2), tensors["c"].Shape);
        // Another file takes its place; the mapped one is still there.
        tensors["a"].FillInPlace(1);
        Assert.Equal(before, System.IO.File.ReadAllBytes(File()));
        if (!OperatingSystem.IsWindows()) SafeTensors.Save(File(), new Dictionary<string, Tensor> { ["z"] = Tensor.Ones([1]) });
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(100, tensors["a"].Sum().Item<float>());
    }

    [Fact]
    public void A_mapped_file_is_held_by_any_tensor_of_it_and_then_released()
    {
        SafeTensors.Save(File(), new Dictionary<string, Tensor> { ["a"] = Tensor.Arange(1000).To(DType.Float32) });
        var view = View(File());
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(999, view.Item<float>());
        if (!OperatingSystem.IsLinux()) return;
        Assert.Contains(File(), System.IO.File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        view = Tensor.Zeros([1]);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.DoesNotContain(File(), System.IO.File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        GC.KeepAlive(view);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static Tensor View(string path) => SafeTensors.Map(path).Tensors["a"].Select(0, 999);
    }

    [Fact]
    public void Loading_a_module_leaves_its_file_closed()
    {
        var model = new Linear(3, 2);
        model.Save(File());
        var other = new Linear(3, 2);
        other.Load(File());
        Assert.Equal(model.Weight.ToArray<float>(), other.Weight.ToArray<float>());
        if (OperatingSystem.IsLinux()) Assert.DoesNotContain(File(), System.IO.File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        Write("{\"a\": {\"dtype\": \"BOOL\", \"shape\": [1], \"data_offsets\": [0, 1]}}", values: 1);
        Assert.Contains("bytes other than 0 and 1", Assert.Throws<FormatException>(() => SafeTensors.Map(File())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_that_is_no_UTF_8_is_refused()
    {
        Write("{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}", values: 4);
        var bytes = System.IO.File.ReadAllBytes(File());
        bytes[8 + 2] = 0xff;
        System.IO.File.WriteAllBytes(File(), bytes);
        Assert.StartsWith(File(), Assert.Throws<FormatException>(() => SafeTensors.Load(File())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_bytes_are_those_of_the_format()
    {
        SafeTensors.Save(File(), new Dictionary<string, Tensor> { ["a"] = Tensor.From([1f]) });
        var bytes = System.IO.File.ReadAllBytes(File());
        const string header = """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  """;
        Assert.Equal(header.Length, (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        Assert.Equal(header, Encoding.UTF8.GetString(bytes.AsSpan(8, header.Length)));
        Assert.Equal([0, 0, 0x80, 0x3f], bytes[(8 + header.Length)..]);
    }

    [Theory]
    [InlineData("[]", 0, "expected an object")]
    [InlineData("{\"a\":", 0, "not JSON")]
    [InlineData("{\"a\":3}", 0, "expected an object")]
    [InlineData("{\"a\":{}}", 0, "no dtype")]
    [InlineData("{\"a\":{\"dtype\":\"F8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "type F8")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "no shape")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1, "whole numbers")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[1.5],\"data_offsets\":[0,1]}}", 1, "whole numbers")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[\"1\"],\"data_offsets\":[0,1]}}", 1, "whole numbers")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[99999999999],\"data_offsets\":[0,1]}}", 1, "at most")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[65536,65536],\"data_offsets\":[0,0]}}", 0, "at most")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, "9 dimensions")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0]}}", 2, "expected two")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "takes 8 bytes")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,0]}}", 2, "data_offsets are 2 and 0")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 3, "may be truncated")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[9223372036854775806,9223372036854775807]}}", 1, "may be truncated")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3, "overlaps")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, "no tensor covers")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 5, "the tensors end")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, "occurs twice")]
    [InlineData("{\"__metadata__\":{\"a\":1}}", 0, "expected a string")]
    [InlineData("{\"__metadata__\":[]}", 0, "expected an object")]
    [InlineData("{\"a\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "other than 0 and 1")]
    public void Rejects_a_wrong_header_and_says_what_is_wrong(string header, int values, string message)
    {
        var error = Assert.Throws<FormatException>(() => SafeTensors.Load(Write(header, values)));
        Assert.Contains(message, error.Message);
        Assert.Contains("x.safetensors", error.Message);
    }

    [Fact]
    public void Rejects_a_wrong_length_of_the_header()
    {
        System.IO.File.WriteAllBytes(File(), [1, 2, 3]);
        Assert.Contains("fewer than the 8", Assert.Throws<FormatException>(() => SafeTensors.Load(File())).Message);
        Assert.Contains("limit", Assert.Throws<FormatException>(() => SafeTensors.Load(Write("{}", length: ulong.MaxValue))).Message);
        Assert.Contains("truncated", Assert.Throws<FormatException>(() => SafeTensors.Load(Write("{}", length: 1000))).Message);
    }

    [Fact]
    public void Rejects_every_truncation_of_a_good_file()
    {
        new Linear(2, 2).Save(File());
        var bytes = System.IO.File.ReadAllBytes(File());
        for (var length = 0; length < bytes.Length; length++)
        {
            System.IO.File.WriteAllBytes(File("cut"), bytes.AsSpan(0, length));
            Assert.Throws<FormatException>(() => SafeTensors.Load(File("cut")));
        }
    }

    [Fact]
    public void A_failed_save_leaves_the_old_file_and_nothing_else()
    {
        new Linear(2, 2).Save(File());
        var before = System.IO.File.ReadAllBytes(File());
        Assert.Throws<ArgumentException>(() => SafeTensors.Save(File(), new Dictionary<string, Tensor> { ["__metadata__"] = Tensor.Ones([1]) }));
        Assert.Equal(before, System.IO.File.ReadAllBytes(File()));
        Assert.Single(Directory.GetFiles(folder));
    }

    [Fact]
    public void A_model_comes_back_and_another_architecture_does_not_fit()
    {
        Sequential Model(int width) => new(new Linear(3, width), new BatchNorm1d(width), new Linear(width, 2));
        var saved = Model(4);
        saved.Forward(Tensor.Randn([5, 3], generator: new Generator(1)));
        saved.Save(File());
        var loaded = Model(4);
        loaded.Load(File());
        saved.Eval();
        loaded.Eval();
        var x = Tensor.Randn([2, 3], generator: new Generator(2));
        Assert.Equal(saved.Forward(x).ToArray<float>(), loaded.Forward(x).ToArray<float>());
        Assert.Equal(1, loaded.StateDict()["1.num_batches_tracked"].Item());
        Assert.Contains("0.weight (expected [5, 3], got [4, 3])", Assert.Throws<ArgumentException>(() => Model(5).Load(File())).Message);
    }
}
