using System.Text;
using Cresset.Tests;
using Xunit;

namespace Cresset.Data.Tests;

public class DamagedFileTests
{
    static readonly byte[][] tables =
    [
        Encoding.UTF8.GetBytes("a,b,class\n1,2.5,yes\n-3,4e2,no\n5,,\"a \"\"b\"\"\"\n"),
        Encoding.UTF8.GetBytes("a;b;class\n\"1\";\"2\r\n3\";größer\n4;5;6\n"),
    ];

    [Fact]
    public void Tables()
    {
        using var temp = new TempFolder();
        var path = temp["damaged.csv"];
        DamagedFiles.Try<InvalidDataException>(path, tables, () => CsvTable.Load(path));
    }

    [Fact]
    public void Numbers_in_tables()
    {
        using var temp = new TempFolder();
        var path = temp["damaged.csv"];
        DamagedFiles.Try<InvalidDataException>(path, [Encoding.UTF8.GetBytes("a,b\n1,2\n3,4\n"), Encoding.UTF8.GetBytes("a,b\n1e-3,-2.5\n")], () => CsvDataset.Load(path), other: typeof(ArgumentException));
    }

    [Fact]
    public void Encodings_of_tables()
    {
        using var temp = new TempFolder();
        var path = temp["damaged.json"];
        var table = CsvTable.From(["number", "category", "class"], [["1", "a", "no"], ["2", "b", "yes"], ["3", "c", "no"]]);
        byte[][] valid = [.. new[] { "class", "number" }.Select(target => Encoding.UTF8.GetBytes(TableEncoding.Fit(table, target, embedAbove: 1).ToJson()))];
        // Its text stands in another file, which names itself.
        DamagedFiles.Try<FormatException>(path, valid, () => TableEncoding.FromJson(File.ReadAllText(path)), named: "");
    }
}
