using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cresset.Tests;
using Xunit;

namespace Cresset.Cli.Tests;

/// <summary>Names, sentences and text through train, eval and predict.</summary>
public class TextModelsTests
{
    const string Poem = "the cat sat on the mat and the dog sat on the log; ";

    static (CommandResult Result, string Folder) Train(TempFolder temp, params string[] options)
    {
        var result = CommandLine.Run(["train", .. options, "--output", temp["runs"]]);
        Assert.Equal(("", 0), (result.Error, result.Code));
        return (result, Directory.GetDirectories(temp["runs"]).Single());
    }

    static string Write(TempFolder temp, string name, string text) => temp.Write(name, Encoding.UTF8.GetBytes(text));

    static string TextFile(TempFolder temp) => Write(temp, "poem.txt", string.Concat(Enumerable.Repeat(Poem, 60)));

    // What eval says is what train said at its end.
    static void SameScores(CommandResult trained, string folder)
    {
        var figures = new Regex(@"\d+ (names|words|characters), loss \S+.*, accuracy \S+%");
        var scored = CommandLine.Run("eval", "--model", folder);
        Assert.Equal(("", 0), (scored.Error, scored.Code));
        Assert.NotEmpty(figures.Match(trained.Output).Value);
        Assert.Equal(figures.Match(trained.Output).Value, figures.Match(scored.Output).Value);
    }

    [Fact]
    public void Names_are_classified_and_the_data_follows_from_the_model()
    {
        using var temp = new TempFolder();
        var (result, folder) = Train(temp, "--model", "gru", "--epochs", "4");
        Assert.Contains("common-names: 272 training and 128 test names, 8 classes; adam, learning rate 0.005", result.Output, StringComparison.Ordinal);
        SameScores(result, folder);
        using var json = JsonDocument.Parse(CommandLine.Run("predict", "--model", folder, "--json", "--top", "8", "Petrov", "Sato").Output);
        Assert.Equal(["Petrov", "Sato"], json.RootElement.EnumerateArray().Select(p => p.GetProperty("input").GetString()));
        Assert.Equal(1, json.RootElement[0].GetProperty("classes").EnumerateArray().Sum(c => c.GetProperty("probability").GetDouble()), 1e-6);
        // -ov and -o with many vowels are the plainest of the list.
        Assert.Equal("Russian", json.RootElement[0].GetProperty("classes")[0].GetProperty("class").GetString());
        Assert.Equal("Japanese", json.RootElement[1].GetProperty("classes")[0].GetProperty("class").GetString());
        Assert.False(json.RootElement[0].TryGetProperty("text", out _));
        using var settings = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "settings.json")));
        Assert.Equal(("common-names", "gru"), (settings.RootElement.GetProperty("data").GetString(), settings.RootElement.GetProperty("model").GetString()));
        Assert.True(File.Exists(Path.Combine(folder, "confusion-matrix.png")));
    }

    [Fact]
    public void Sentences_are_tagged_word_by_word()
    {
        using var temp = new TempFolder();
        var (result, folder) = Train(temp, "--data", "grammar", "--epochs", "2", "--train-count", "600");
        Assert.Contains("tagger: ", result.Output, StringComparison.Ordinal);
        Assert.Contains("grammar: 600 training and 250 test sentences, 9 classes; adamw, learning rate 0.004", result.Output, StringComparison.Ordinal);
        SameScores(result, folder);
        // The test sentences have so many words, whatever batch fills them up.
        Assert.Contains($"{Text.GrammarSentences.Create(250, 2).Sum(s => s.Words.Count)} words", result.Output, StringComparison.Ordinal);
        Assert.Equal("we/PRON found/VERB the/DET house/NOUN", CommandLine.Run("predict", "--model", folder, "we found the house").Output.Trim());
        using var json = JsonDocument.Parse(CommandLine.Run("predict", "--model", folder, "--json", "(don't).").Output);
        // A tag that stands twice in a damaged file.
        var damaged = Encoding.Latin1.GetString(File.ReadAllBytes(Path.Combine(folder, "model.safetensors"))).Replace("ADJ", "ADP", StringComparison.Ordinal);
        var file = temp.Write("damaged.safetensors", Encoding.Latin1.GetBytes(damaged));
        Assert.Equal($"error: {file}: expected different tags as cresset.classes in its metadata, got something else; the file is damaged.", CommandLine.Run("predict", "--model", file, "we").ErrorLine);
        Assert.Equal(["(", "don't", ")", "."], json.RootElement[0].GetProperty("words").EnumerateArray().Select(w => w.GetProperty("word").GetString()));
    }

    [Theory]
    [InlineData("char-transformer")]
    [InlineData("char-gru")]
    [InlineData("char-lstm")]
    public void A_text_is_learned_and_gone_on_with(string model)
    {
        using var temp = new TempFolder();
        var (result, folder) = Train(temp, "--data", TextFile(temp), "--model", model, "--epochs", "2", "--batch-size", "8", "--lr", "0.005");
        int test = 60 * Poem.Length / 10 / 128 * 128;
        Assert.Contains($"{test} characters, loss ", result.Output, StringComparison.Ordinal);
        Assert.Contains("perplexity", result.Output, StringComparison.Ordinal);
        SameScores(result, folder);
        string[] ask = ["predict", "--model", folder, "--length", "20", "--temperature", "0.5", "--top-k", "3", "--top-p", "0.9", "the cat"];
        var text = CommandLine.Run(ask).Output.TrimEnd('\n', '\r');
        Assert.Equal((27, true), (text.Length, text.StartsWith("the cat", StringComparison.Ordinal)));
        Assert.All(text, c => Assert.Contains(c, Poem));
        Assert.Equal(text, CommandLine.Run(ask).Output.TrimEnd('\n', '\r'));
    }

    [Theory]
    [InlineData("--model: gru takes names; digits has pictures. For them: cnn, linear", "--model", "gru", "--data", "digits")]
    [InlineData("--model: cnn takes pictures; common-names has names. For them: gru.", "--model", "cnn", "--data", "common-names")]
    [InlineData("--model: tagger takes tagged sentences; common-names has names.", "--model", "tagger", "--data", "common-names")]
    [InlineData("--augment: it changes pictures; common-names has none.", "--model", "gru", "--augment", "flip")]
    [InlineData("--train-count: the training part has 272 names, asked for 273.", "--model", "gru", "--train-count", "273")]
    public void A_kind_that_does_not_fit_is_bad_usage(string message, params string[] options)
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run(["train", .. options, "--output", temp["runs"]]);
        Assert.Equal(2, result.Code);
        Assert.StartsWith("error: " + message, result.ErrorLine, StringComparison.Ordinal);
        Assert.False(Directory.Exists(temp["runs"]));
    }

    [Fact]
    public void What_a_model_does_not_know_is_named()
    {
        using var temp = new TempFolder();
        var (_, names) = Train(temp, "--model", "gru", "--epochs", "1");
        Write(temp, "other/Klingon.txt", "Worf\nMartok\nGowron\n");
        Assert.Contains("the language Klingon is not among the model's 8 classes", Error("eval", "--model", names, "--data", temp["other"]), StringComparison.Ordinal);
        Assert.Contains("gru takes names; grammar has tagged sentences", Error("eval", "--model", names, "--data", "grammar"), StringComparison.Ordinal);
        Assert.Contains("--temperature: gru has no such option; it has --top.", Error("predict", "--model", names, "--temperature", "1", "Abe"), StringComparison.Ordinal);
        Assert.Contains("expected a name, got nothing", Error("predict", "--model", names, " "), StringComparison.Ordinal);

        Directory.Delete(temp["runs"], recursive: true);
        var (_, text) = Train(temp, "--data", TextFile(temp), "--model", "char-gru", "--epochs", "1");
        Assert.Contains("\"X\" is not among its", Error("predict", "--model", text, "X"), StringComparison.Ordinal);
        Assert.Contains("\"Z\" is not among its", Error("eval", "--model", text, "--data", Write(temp, "new.txt", new string('Z', 3000))), StringComparison.Ordinal);
        Assert.Contains("--temperature: expected a number of at least 0, got -1.", Error("predict", "--model", text, "--temperature=-1", "the"), StringComparison.Ordinal);
        Assert.Contains("--top-p: expected a number above 0 and at most 1, got 0.", Error("predict", "--model", text, "--top-p", "0", "the"), StringComparison.Ordinal);

        static string Error(params string[] line)
        {
            var result = CommandLine.Run(line);
            Assert.InRange(result.Code, 1, 2);
            return result.ErrorLine;
        }
    }

    [Theory]
    [InlineData("short.txt", "the cat", "TextWindows: expected more than 128 tokens")]
    [InlineData("empty.txt", "", "expected a text, got an empty file")]
    [InlineData("bad.conllu", "1\tI\n", "line 1: expected 10 columns")]
    [InlineData("table.xlsx", "a,b\n", "expected a folder, or a .zip, .conllu, .txt or .csv file")]
    public void Files_that_serve_for_nothing_are_named(string name, string content, string message)
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", "--data", Write(temp, name, content), "--output", temp["runs"]);
        Assert.InRange(result.Code, 1, 2);
        Assert.Contains(message, result.ErrorLine, StringComparison.Ordinal);
        Assert.False(Directory.Exists(temp["runs"]));
    }

    [Theory]
    [InlineData("gru", "NameClassifier")]
    [InlineData("tagger", "Tagger")]
    [InlineData("char-transformer", "CharacterTransformer")]
    [InlineData("vit", "VisionTransformer")]
    public void Summary_shows_the_models_of_text_too(string model, string type)
    {
        var result = CommandLine.Run("summary", "--model", model);
        Assert.Equal(("", 0), (result.Error, result.Code));
        Assert.Contains(type, result.Output, StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run("summary", "--model", model, "--shape", "1x27x27").Code);
    }
}
