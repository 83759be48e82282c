using System.Text;
using Cresset.Cli.Inputs;
using Cresset.Data;
using Cresset.Tests;
using Cresset.Vision;
using Xunit;

namespace Cresset.Cli.Tests;

// Of each kind of data: what makes another training of it changes its hash, and nothing else does.
public class DataFingerprintTests
{
    static string Hash(string data, TableColumns columns = default) =>
        DataSources.Find(data, columns.Text).Load(new DataRequest(data, null, null, null, PictureShape.Grey28, columns), train: true, new Terminal(TextWriter.Null, TextWriter.Null, live: false), default).Hash();

    static void Differ(Func<string, string> hashOf, params string[] contents)
    {
        string[] hashes = [.. contents.Select(hashOf)];
        Assert.Equal(hashes, contents.Select(hashOf));
        Assert.Equal(contents.Length, hashes.Distinct().Count());
        Assert.All(hashes, hash => Assert.Matches("^[0-9a-f]{64}$", hash));
    }

    [Fact]
    public void Text_and_tables()
    {
        using var temp = new TempFolder();
        string Write(string name, string text) => temp.Write(name, Encoding.UTF8.GetBytes(text));
        Differ(text => Hash(Write("a.txt", text)), new string('a', 400) + "b", new string('a', 399) + "bb", new string('a', 400) + "bb");
        var rows = string.Concat(Enumerable.Range(0, 20).Select(i => $"{i},x,{i % 2}\n"));
        // The row that moved is another one; where a field ends counts.
        string[] tables = ["a,b,y\n" + rows, "a,c,y\n" + rows, "a,b,y\n" + rows.Replace(",x,", ",z,", StringComparison.Ordinal), "a,b,y\n20,x,0\n" + rows[6..], "a,b,y\n" + rows.Replace(",x,0", "x,,0", StringComparison.Ordinal)];
        Differ(text => Hash(Write("a.csv", text), new("y", null, null)), tables);
        Differ(text => Hash(Write("a.csv", text), new("y", null, "a")), "a,y\n" + string.Concat(Enumerable.Repeat("good,1\nbad,0\n", 10)), "a,y\n" + string.Concat(Enumerable.Repeat("good,0\nbad,1\n", 10)));
    }

    [Fact]
    public void Names_sentences_and_pictures()
    {
        using var temp = new TempFolder();
        Differ(name =>
        {
            temp.Write("names/English.txt", Encoding.UTF8.GetBytes(string.Concat("abcdef".Select(c => $"{name}{c}\n"))));
            temp.Write("names/French.txt", "Anne\nYves\nZoe\n"u8);
            return Hash(temp["names"]);
        }, "Dan", "Don");
        string Words(string tag) => string.Concat(Enumerable.Repeat($"1\tgo\tgo\t{tag}\t_\t_\t0\troot\t_\t_\n\n", 10));
        Differ(tag => Hash(temp.Write("a.conllu", Encoding.UTF8.GetBytes(Words(tag)))), "VERB", "NOUN");
        var digits = DrawnDigits.Draw(20, 1);
        Differ(change =>
        {
            for (var i = 0; i < 20; i++)
            {
                var pixels = digits[i].ToArray();
                if (change == $"{i}") pixels[400] ^= 1;
                temp.Write($"pictures/{(i % 2 == 0 ? "even" : "odd")}/{i:D2}.png", ImageFile.EncodePng(new ImagePixels(pixels, 1, 28, 28)));
            }
            return Hash(temp["pictures"]);
        }, "none", "3", "4");
    }
}
