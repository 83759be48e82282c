using Cresset.Nn;
using Cresset.Tests;
using Xunit;

namespace Cresset.Text.Tests;

/// <summary>Against text/models.json: see <see cref="ModelReference"/>.</summary>
public class ModelReferenceTests
{
    static readonly Dictionary<string, Func<Module>> Models = new()
    {
        ["names"] = () => new NameClassifier(9, 4, 6, 5),
        ["names 2 layers"] = () => new NameClassifier(5, 3, 4, 6, 2),
        ["character gru"] = () => new CharacterRnn(11, RecurrentNetwork.Gru, 6, 7, 2),
        ["character lstm"] = () => new CharacterRnn(8, RecurrentNetwork.Lstm, 5, 6),
        ["character transformer"] = () => new CharacterTransformer(12, 10, 16, 4, 2),
        ["tagger"] = () => new Tagger(new SentenceEncoding(Letters(5), Letters(8), ["A", "B", "C", "D", "E"], 6), 16, 2, 2, dropout: 0, wordDropout: 0),
    };

    public static TheoryData<string> Names => [.. Models.Keys];

    // So many tokens and the two special ones, of which padding has index 0.
    static Vocabulary Letters(int count) => new(Enumerable.Range('a', count).Select(c => ((char)c).ToString()));

    [Theory]
    [MemberData(nameof(Names))]
    public void Parameters_outputs_and_gradients_are_PyTorchs(string name) => ModelReference.Check(name, Models[name]());
}
