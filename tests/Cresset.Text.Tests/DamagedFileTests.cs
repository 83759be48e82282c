using System.Text;
using Cresset.Tests;
using Xunit;

namespace Cresset.Text.Tests;

public class DamagedFileTests
{
    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    [Fact]
    public void Sentences_in_CoNLL_U()
    {
        static string Word(int number, string word, string tag) => $"{number}\t{word}\t{word}\t{tag}\t_\t_\t0\troot\t_\t_\n";
        using var temp = new TempFolder();
        var path = temp["damaged.conllu"];
        DamagedFiles.Try<InvalidDataException>(path,
        [
            Bytes("# text = I saw\n" + Word(1, "I", "PRON") + Word(2, "saw", "VERB") + "\n"),
            Bytes("# sent_id = 2\n" + Word(1, "Größe", "NOUN") + $"2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n" + Word(2, "do", "AUX") + Word(3, "n't", "PART") + "\n"),
        ], () => Conllu.Read(path));
    }

    [Fact]
    public void Names()
    {
        using var temp = new TempFolder();
        temp.Write("German.txt", Bytes("Abel\n"));
        DamagedFiles.Try<InvalidDataException>(temp["Czech.txt"], [Bytes("Abl\nAdsit\nČapek\n"), Bytes("  O'Neil\r\nSmith \n")], () => LabelledNames.Load(temp.Path));
    }

    [Fact]
    public void Plain_text()
    {
        using var temp = new TempFolder();
        var path = temp["damaged.txt"];
        DamagedFiles.Try<InvalidDataException>(path, [Bytes("To be, or not to be:\nthat is the question – 問題\n"), Bytes("Ünïcödé\n")], () => PlainText.Read(path));
    }

    [Fact]
    public void Vocabularies()
    {
        using var temp = new TempFolder();
        new Vocabulary(["a", "b", "ü"]).Save(temp["one"]);
        new Vocabulary(["word", "other\nline"], unknown: null).Save(temp["two"]);
        var path = temp["damaged.json"];
        DamagedFiles.Try<InvalidDataException>(path, [File.ReadAllBytes(temp["one"]), File.ReadAllBytes(temp["two"])], () => Vocabulary.Load(path));
    }
}
