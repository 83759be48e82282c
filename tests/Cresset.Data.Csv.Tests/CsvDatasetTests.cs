using System.Text;
using Cresset.Data;
using Xunit;

namespace Cresset.Data.Csv.Tests;

public sealed class CsvDatasetTests : IDisposable
{
    readonly string path = Path.Combine(Path.GetTempPath(), $"cresset-{Guid.NewGuid():N}.csv");

    public void Dispose() => File.Delete(path);

    CsvDataset Load(string text, CsvOptions? options = null)
    {
        File.WriteAllText(path, text);
        return CsvDataset.Load(path, options);
    }

    InvalidDataException Fails(string text, CsvOptions? options = null)
    {
        var e = Assert.Throws<InvalidDataException>(() => Load(text, options));
        Assert.Contains(path, e.Message);
        return e;
    }

    [Fact]
    public void Reads_numbers_and_maps_class_names_to_indices()
    {
        var data = Load("length,width,kind\n1,2.5,rose\n-3e-1,4,lily\r\n 5 ,.5,rose\n");
        Assert.Equal(3, data.Count);
        Assert.Equal(new Shape(3, 2), data.Inputs.Shape);
        Assert.Equal([1f, 2.5f, -0.3f, 4f, 5f, 0.5f], data.Inputs.ToArray<float>());
        Assert.Equal([1L, 0, 1], data.Targets.ToArray<long>());
        Assert.Equal(["lily", "rose"], data.ClassNames);
        Assert.Equal(["length", "width"], data.FeatureNames);
        Assert.Equal("kind", data.LabelName);
        Assert.Equal([-0.3f, 4f], data[1].Item1.ToArray<float>());
    }

    [Fact]
    public void A_loader_gives_typed_batches()
    {
        var data = Load("a,b,y\n1,2,no\n3,4,yes\n5,6,no\n");
        var seen = new List<float>();
        foreach (var (inputs, labels) in new DataLoader(data, batchSize: 2))
        {
            Assert.Equal(DType.Int64, labels.DType);
            seen.AddRange(inputs.ToArray<float>());
        }
        Assert.Equal([1f, 2, 3, 4, 5, 6], seen);
    }

    [Fact]
    public void Columns_are_chosen_by_name_and_by_index()
    {
        const string Text = "id,a,kind,b\nx1,1,p,2\nx2,3,q,4\n";
        var data = Load(Text, new CsvOptions { Label = "kind", Features = ["b", 1] });
        Assert.Equal([2f, 1, 4, 3], data.Inputs.ToArray<float>());
        Assert.Equal(["b", "a"], data.FeatureNames);
        var plain = Load("1;2;0\n3;4;1\n", new CsvOptions { HasHeader = false, Delimiter = ';', Label = 2 });
        Assert.Equal([0L, 1], plain.Targets.ToArray<long>());
        Assert.Equal(["0", "1"], plain.FeatureNames);
    }

    [Fact]
    public void Labels_that_are_numbers_become_a_column()
    {
        var data = Load("x,y\n1,2.5\n2,5\n", new CsvOptions { LabelKind = CsvLabelKind.Numbers });
        Assert.Equal(new Shape(2, 1), data.Targets.Shape);
        Assert.Equal([2.5f, 5f], data.Targets.ToArray<float>());
        Assert.Empty(data.ClassNames);
    }

    [Fact]
    public void Class_names_that_are_numbers_are_in_numerical_order()
    {
        Assert.Equal(["2", "9", "10"], Load("x,y\n1,10\n1,9\n1,2\n").ClassNames);
    }

    [Fact]
    public void A_test_file_takes_the_training_files_classes()
    {
        var options = new CsvOptions { ClassNames = ["zebra", "ant"] };
        Assert.Equal([1L, 0], Load("x,y\n1,ant\n2,zebra\n", options).Targets.ToArray<long>());
        var e = Fails("x,y\n1,ant\n2,zebr\n", options);
        Assert.Contains("line 3, column 'y'", e.Message);
        Assert.Contains("did you mean 'zebra'?", e.Message);
    }

    [Fact]
    public void Quoted_fields_hold_delimiters_quotes_and_line_ends()
    {
        var data = Load("x,\"the \"\"kind\"\", say\"\n1,\"a,b\"\n2,\"c\nd\"\n");
        Assert.Equal("the \"kind\", say", data.LabelName);
        Assert.Equal(["a,b", "c\nd"], data.ClassNames);
        // The line after a field of two lines.
        Assert.Contains("line 4, column 'x'", Fails("x,y\n1,\"c\nd\"\nbad,e\n").Message);
    }

    [Fact]
    public void Missing_values_follow_the_policy()
    {
        const string Text = "a,b,y\n1,NA,p\n,4,q\n3,5,p\n";
        Assert.Contains("line 2, column 'b': expected a value, got 'NA'", Fails(Text).Message);
        var skip = Load(Text, new CsvOptions { Missing = CsvMissing.SkipRow });
        Assert.Equal([3f, 5f], skip.Inputs.ToArray<float>());
        Assert.Equal(2, skip.RowsSkipped);
        Assert.Equal(["p"], skip.ClassNames);
        Assert.Equal([1f, -1, -1, 4, 3, 5], Load(Text, new CsvOptions { Missing = CsvMissing.Fill, FillValue = -1 }).Inputs.ToArray<float>());
        Assert.Equal([1f, 4.5f, 2, 4, 3, 5], Load(Text, new CsvOptions { Missing = CsvMissing.Mean }).Inputs.ToArray<float>());
        Assert.Contains("all 2 are missing", Fails("a,y\n?,p\n?,q\n", new CsvOptions { Missing = CsvMissing.Mean }).Message);
        Assert.Contains("all 1 were left out", Fails("a,y\n?,p\n", new CsvOptions { Missing = CsvMissing.SkipRow }).Message);
    }

    [Fact]
    public void A_missing_label_is_never_made_up()
    {
        const string Text = "a,y\n1,p\n2,\n";
        Assert.Contains("line 3, column 'y'", Fails(Text, new CsvOptions { Missing = CsvMissing.Mean }).Message);
        Assert.Equal(1, Load(Text, new CsvOptions { Missing = CsvMissing.SkipRow }).RowsSkipped);
    }

    [Theory]
    [InlineData("x,y\n1,p\nabc,q\n", "line 3, column 'x': expected a finite number, got 'abc'")]
    [InlineData("x,y\n1e99,p\n", "got '1e99'")]
    [InlineData("x,y\n\"1,5\",p\n", "got '1,5'")]
    [InlineData("x,y\n1,p\n2\n", "line 3: expected 2 fields as on the first line, got 1")]
    [InlineData("x,y\n1,p\n2,q,3\n", "line 3: expected 2 fields as on the first line, got 3")]
    [InlineData("x,y\n1,p\n2,\"q\n3,p\n", "is a quote missing or the file cut off?")]
    [InlineData("", "the file is empty")]
    [InlineData("x,y\n", "expected rows of data, got none")]
    public void A_wrong_file_is_refused_with_its_place(string text, string message)
    {
        Assert.Contains(message, Fails(text).Message);
    }

    [Fact]
    public void A_file_of_one_column_is_refused_as_having_the_wrong_delimiter()
    {
        var e = Assert.Throws<ArgumentException>(() => Load("x;y\n1;p\n"));
        Assert.Contains("is the delimiter ',' right?", e.Message);
    }

    [Fact]
    public void An_unknown_column_is_answered_with_near_matches()
    {
        const string Text = "petal length,petal width,species\n1,2,a\n";
        var e = Assert.Throws<ArgumentException>(() => Load(Text, new CsvOptions { Label = "specis" }));
        Assert.Contains("did you mean 'species'?", e.Message);
        Assert.Contains("'petal length'", Assert.Throws<ArgumentException>(() => Load(Text, new CsvOptions { Features = ["petal lenght"] })).Message);
        Assert.Contains("from -3 to 2, got 3", Assert.Throws<ArgumentException>(() => Load(Text, new CsvOptions { Label = 3 })).Message);
        Assert.Contains("given twice", Assert.Throws<ArgumentException>(() => Load(Text, new CsvOptions { Features = [0, "petal length"] })).Message);
        Assert.Contains("given twice", Assert.Throws<ArgumentException>(() => Load(Text, new CsvOptions { Features = ["species"] })).Message);
        Assert.Contains("HasHeader is false", Assert.Throws<ArgumentException>(() => Load(Text, new CsvOptions { HasHeader = false, Label = "species" })).Message);
        Assert.Contains("more than once", Assert.Throws<ArgumentException>(() => Load("a,a,y\n1,2,p\n", new CsvOptions { Features = ["a"] })).Message);
    }

    [Fact]
    public void Binary_and_oversized_files_and_other_encodings_are_refused()
    {
        File.WriteAllBytes(path, [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0, 0, 13]);
        Assert.Contains("zero byte at offset 8", Assert.Throws<InvalidDataException>(() => CsvDataset.Load(path)).Message);
        File.WriteAllBytes(path, [.. "x,y\n1,"u8, 0xE9, .. "\n"u8]);
        Assert.Contains("UTF-8", Assert.Throws<InvalidDataException>(() => CsvDataset.Load(path)).Message);
        Assert.Contains("at most 4 bytes, the file has 8", Fails("x,y\n1,p\n", new CsvOptions { MaxBytes = 4 }).Message);
        // One field without end, larger than the largest record.
        var text = new StringBuilder("x,y\n1,\"");
        for (var i = 0; i < 20_000; i++) text.Append('a', 1000);
        Assert.Contains("closing quote", Fails(text.ToString()).Message);
    }

    [Fact]
    public void A_missing_file_is_an_io_error() =>
        Assert.Throws<FileNotFoundException>(() => CsvDataset.Load(Path.Combine(Path.GetTempPath(), "cresset-no-such-file.csv")));

    [Fact]
    public void Blank_lines_and_a_byte_order_mark_do_not_count()
    {
        File.WriteAllText(path, "x,y\n1,p\n\n2,q\n\n", new UTF8Encoding(true));
        var data = CsvDataset.Load(path);
        Assert.Equal([1f, 2f], data.Inputs.ToArray<float>());
        Assert.Equal(["x"], data.FeatureNames);
        Assert.Contains("line 4", Fails("x,y\n1,p\n\nz,q\n").Message);
    }
}
