using Cresset.Data;
using Cresset.Nn;
using Cresset.Optim;
using Xunit;

namespace Cresset.Tests.Data;

public sealed class TableTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tables").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string Write(string text)
    {
        var path = Path.Combine(folder, "table.csv");
        File.WriteAllText(path, text);
        return path;
    }

    const string Shop = """
        age,plan,joined,country,note,churn
        20,basic,2026-01-01,at,hello,no
        30,"gold, plus",2026-01-03,at,,yes
        ,basic,2026-01-05,at,,no
        40,NA,2026-01-07,at,,yes
        50,basic,2026-01-09,at,,
        """;

    [Theory]
    [InlineData(",")]
    [InlineData(";")]
    [InlineData("\t")]
    public void Types_are_found_and_values_encoded(string delimiter)
    {
        var text = Shop.Replace(",", delimiter, StringComparison.Ordinal).Replace($"gold{delimiter} plus", "gold, plus", StringComparison.Ordinal);
        var table = CsvTable.Load(Write(text));
        Assert.Equal(["age", "plan", "joined", "country", "note", "churn"], table.Names);
        Assert.Equal((5, "gold, plus"), (table.Count, table[1, "plan"]));

        var encoding = TableEncoding.Fit(table, "churn");
        Assert.Equal(["no", "yes"], encoding.Target.Classes);
        Assert.Equal([("age", TableColumnKind.Number, 1), ("plan", TableColumnKind.Category, 1), ("joined", TableColumnKind.Date, 0), ("note", TableColumnKind.Category, 3)],
            encoding.Columns.Select(c => (c.Name, c.Kind, c.Missing)));
        Assert.Equal([("country", "all values are 'at'")], encoding.LeftOut);
        // The row without a target counts nowhere: ages 20, 30, 40; days 0, 2, 4, 6.
        Assert.Equal(30, encoding.Columns[0].Mean, 1e-12);
        Assert.Equal(Math.Sqrt(200.0 / 3), encoding.Columns[0].Deviation, 1e-12);
        Assert.Equal((6, 0, 6, 2), (encoding.NumberCount, encoding.EmbeddedSizes.Count, encoding.Width, encoding.Outputs));

        var dataset = encoding.ToDataset(table);
        Assert.Equal(4, dataset.Count);
        var (rows, labels) = (Tensor.Stack([.. Enumerable.Range(0, 4).Select(i => dataset[i].Item1)]).ToArray<float>(), Enumerable.Range(0, 4).Select(i => dataset[i].Item2.Item()));
        Assert.Equal([0, 1, 0, 1], labels);
        double age = Math.Sqrt(1.5), day = 1 / Math.Sqrt(5);
        // age, age missing, basic, gold, joined, note
        double[] expected =
        [
            -age, 0, 1, 0, -3 * day, 1,
            0, 0, 0, 1, -day, 0,
            0, 1, 1, 0, day, 0,
            age, 0, 0, 0, 3 * day, 0,
        ];
        Assert.Equal(expected.Length, rows.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], rows[i], 1e-5);
    }

    [Fact]
    public void New_rows_need_neither_the_target_nor_what_was_left_out_and_may_hold_what_is_new()
    {
        var encoding = TableEncoding.FromJson(TableEncoding.Fit(CsvTable.Load(Write(Shop)), "churn").ToJson());
        var rows = CsvTable.From(["joined", "plan", "age", "note"], [["2026-01-04", "platinum", "", "hello"]]);
        var inputs = encoding.Encode(rows).ToArray<float>();
        Assert.Equal([0, 1, 0, 0, 0, 1], inputs);

        Assert.Contains("'plan'", Assert.Throws<ArgumentException>(() => encoding.Encode(CsvTable.From(["joined", "age", "note"], []))).Message, StringComparison.Ordinal);
        var error = Assert.Throws<InvalidDataException>(() => encoding.Encode(CsvTable.Load(Write("age,plan,joined,note\n1,basic,2026-01-01,\nold,basic,2026-01-01,\n"))));
        Assert.EndsWith("table.csv, line 3, column 'age': expected a number as in the training rows, or nothing, got 'old'", error.Message, StringComparison.Ordinal);
        Assert.Contains("expected one of the 2 classes of the training rows, got 'perhaps'",
            Assert.Throws<InvalidDataException>(() => encoding.ToDataset(CsvTable.Load(Write(Shop.Replace("hello,no", "hello,perhaps", StringComparison.Ordinal))))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_to_predict_is_standardised()
    {
        var table = CsvTable.From(["x", "y"], [["1", "10.5"], ["2", "20.5"], ["3", "30.5"], ["4", ""]]);
        var encoding = TableEncoding.Fit(table, "y");
        Assert.Equal((TableTask.Regression, 20.5, 1), (encoding.Target.Task, encoding.Target.Mean, encoding.Outputs));
        var dataset = encoding.ToDataset(table);
        Assert.Equal(3, dataset.Count);
        Assert.Equal(Math.Sqrt(1.5), dataset[2].Item2.Item(), 1e-6);
        Assert.Equal([1], dataset[2].Item2.Shape.ToArray());

        // Whole numbers of a few values are classes, unless said otherwise.
        var stars = CsvTable.From(["x", "stars"], [["1", "10"], ["2", "9"], ["3", "10"]]);
        Assert.Equal(["9", "10"], TableEncoding.Fit(stars, "stars").Target.Classes);
        Assert.Equal(TableTask.Regression, TableEncoding.Fit(stars, "stars", TableTask.Regression).Target.Task);
    }

    [Fact]
    public void Many_categories_are_embedded_and_more_are_left_out()
    {
        var generator = new Generator(3);
        var rows = Enumerable.Range(0, 400).Select(i => new[] { $"city {i % 30:00}", $"name {i}", $"{i % 2}" }).ToArray();
        var table = CsvTable.From(["city", "name", "side"], rows);
        var encoding = TableEncoding.Fit(table, "side");
        Assert.Equal([("name", "400 different texts in 400 rows")], encoding.LeftOut);
        Assert.Equal((0, 1), (encoding.NumberCount, encoding.Width));
        Assert.Equal([31], encoding.EmbeddedSizes);
        Assert.Equal([1, 2, 30, 0], encoding.Encode(CsvTable.From(["city"], [["city 00"], ["city 01"], ["city 29"], ["elsewhere"]])).ToArray<float>());
        Assert.Equal(31, TableEncoding.Fit(table, "side", embedAbove: 30).Width + 1);

        // The side follows from the city: the network finds it.
        Random.Seed(1);
        var model = new TableNetwork(encoding, [16], dropout: 0);
        var optimizer = new Adam(model.Parameters(), lr: 0.02);
        var (inputs, targets) = (encoding.Encode(table), Tensor.From([.. rows.Select(row => long.Parse(row[2], System.Globalization.CultureInfo.InvariantCulture))]));
        for (var step = 0; step < 100; step++)
        {
            optimizer.ZeroGrad();
            new CrossEntropyLoss().Forward(model.Forward(inputs), targets).Backward();
            optimizer.Step();
        }
        Assert.Equal(targets.ToArray<long>(), model.Forward(inputs).ArgMax(1).ToArray<long>());
    }

    // Without hidden layers it is W x + b: least squares has a closed form to compare with.
    [Fact]
    public void A_network_without_hidden_layers_is_linear()
    {
        var encoding = TableEncoding.Fit(CsvTable.From(["x", "kind", "y"], [["1", "a", "0.5"], ["2", "b", "1.5"], ["3", "a", "2.5"]]), "y");
        var model = new TableNetwork(encoding, []);
        var inputs = Tensor.From([1f, 0, 1, 0.5f, 1, 0], [2, 3]);
        var weight = model.Parameters().First(p => p.Rank == 2).ToArray<float>();
        var bias = model.Parameters().First(p => p.Rank == 1).ToArray<float>()[0];
        var outputs = model.Forward(inputs).ToArray<float>();
        Assert.Equal(weight[0] + weight[2] + bias, outputs[0], 1e-5f);
        Assert.Equal(0.5f * weight[0] + weight[1] + bias, outputs[1], 1e-5f);
        Assert.Contains("[N, 3]", Assert.Throws<ArgumentException>(() => model.Forward(Tensor.Zeros([2, 4]))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x,y\n1,2\n2,2\n", "y", null, "only '2'")]
    [InlineData("x,y\n1,\n2,\n", "y", null, "all are missing")]
    [InlineData("x,y\n1,a\n2,b\n", "y", TableTask.Regression, "expected numbers for regression, got 'a'")]
    [InlineData("x,y\n1,a\n1,b\n", "y", null, "expected at least one column to learn from beside 'y', got none; 'x': all values are '1'")]
    [InlineData("x,x\n1,a\n1,b\n", "x", null, "expected columns of different names, got 'x' twice")]
    [InlineData("x,y\n", "y", null, "expected rows of data, got none below the header")]
    [InlineData("", "y", null, "the file is empty")]
    public void Tables_that_cannot_be_learned_from_are_refused(string text, string target, TableTask? task, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => TableEncoding.Fit(CsvTable.Load(Write(text)), target, task)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_unknown_target_names_the_columns() =>
        Assert.Contains("expected one of the columns 'age', 'plan', 'joined', 'country', 'note', 'churn', got 'chur'; did you mean 'churn'?",
            Assert.Throws<ArgumentException>(() => TableEncoding.Fit(CsvTable.Load(Write(Shop)), "chur")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_damaged_encoding_is_refused()
    {
        var json = TableEncoding.Fit(CsvTable.Load(Write(Shop)), "churn").ToJson();
        foreach (var (from, to) in new[]
        {
            ("\"mean\":30", "\"mean\":\"x\""), ("\"deviation\":1", "\"deviation\":-1"), ("\"missing\":1", "\"missing\":-1"), ("\"basic\"", "null"), ("\"basic\",", "\"gold, plus\","),
            ("\"name\":\"plan\"", "\"name\":\"age\""), ("\"Category\"", "\"Number\""), ("[\"no\",\"yes\"]", "[\"no\"]"), ("}", ""),
            ("\"categories\":[],", ""),
        })
        {
            var damaged = json.Replace(from, to, StringComparison.Ordinal);
            Assert.NotEqual(json, damaged);
            Assert.StartsWith("TableEncoding: ", Assert.Throws<FormatException>(() => TableEncoding.FromJson(damaged)).Message, StringComparison.Ordinal);
        }
    }
}
