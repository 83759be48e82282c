namespace Cresset.Text;

/// <summary>Tagged sentences that the library makes from a small grammar, so that a tagger can be trained without a download. Some
/// words are two parts of speech, and only their place says which: "I saw a saw".</summary>
/// <remarks>The rules: S is NP V NP, NP V NP PP, NP V ADV, NP AUX V NP, NP AUX V PP or NP V PP; NP is PRON, DET N, DET ADJ N or
/// PROPN; PP is ADP NP (here not a PRON). Alternatives and words are drawn evenly. Tags are those of Universal
/// Dependencies.</remarks>
public static class GrammarSentences
{
    static readonly string[] Subjects = ["I", "you", "we", "they"];
    static readonly string[] Objects = ["me", "you", "us", "them", "it"];
    static readonly string[] Determiners = ["a", "the", "this", "that", "my", "every"];
    static readonly string[] Adjectives = ["old", "red", "small", "big", "new", "quiet", "happy", "light", "cold"];
    static readonly string[] Names = ["Anna", "Ben", "Clara", "David", "Emma"];
    static readonly string[] Prepositions = ["in", "on", "near", "behind", "with", "under"];
    static readonly string[] Adverbs = ["today", "often", "slowly", "again", "here", "there"];
    static readonly string[] Auxiliaries = ["can", "will", "must", "could", "should"];

    // Also verbs, further down: saw, watch, duck, light, can, play, plant, book, park, walk.
    static readonly string[] Nouns = ["saw", "watch", "duck", "light", "can", "play", "plant", "book", "park", "walk", "dog", "house", "tree", "river", "child", "friend", "table", "garden", "bird", "street"];
    static readonly string[] PastVerbs = ["saw", "found", "took", "liked", "heard", "painted", "followed", "moved"];
    static readonly string[] PlainVerbs = ["watch", "duck", "light", "play", "plant", "book", "park", "walk", "find", "take", "hear", "paint", "follow", "move", "see"];

    /// <summary>The tags that occur.</summary>
    public static IReadOnlyList<string> Tags { get; } = ["PRON", "VERB", "DET", "NOUN", "ADJ", "PROPN", "ADP", "ADV", "AUX"];

    /// <summary>Sentences, the same for the same seed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    public static IReadOnlyList<TaggedSentence> Create(int count, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var generator = new Generator(seed);
        var sentences = new TaggedSentence[count];
        for (var i = 0; i < count; i++) sentences[i] = new Sentence(generator).Make();
        return sentences;
    }

    sealed class Sentence(Generator generator)
    {
        readonly List<string> words = [], tags = [];

        internal TaggedSentence Make()
        {
            NounPhrase(Subjects);
            switch (generator.NextInt64(6))
            {
                case 0: Add(PastVerbs, "VERB"); NounPhrase(Objects); break;
                case 1: Add(PastVerbs, "VERB"); NounPhrase(Objects); Place(); break;
                case 2: Add(PastVerbs, "VERB"); Add(Adverbs, "ADV"); break;
                case 3: Add(Auxiliaries, "AUX"); Add(PlainVerbs, "VERB"); NounPhrase(Objects); break;
                case 4: Add(Auxiliaries, "AUX"); Add(PlainVerbs, "VERB"); Place(); break;
                default: Add(PastVerbs, "VERB"); Place(); break;
            }
            return new TaggedSentence(words, tags);
        }

        void NounPhrase(string[]? pronouns)
        {
            switch (generator.NextInt64(pronouns is null ? 3 : 4))
            {
                case 0: Add(Determiners, "DET"); Add(Nouns, "NOUN"); break;
                case 1: Add(Determiners, "DET"); Add(Adjectives, "ADJ"); Add(Nouns, "NOUN"); break;
                case 2: Add(Names, "PROPN"); break;
                default: Add(pronouns!, "PRON"); break;
            }
        }

        void Place()
        {
            Add(Prepositions, "ADP");
            NounPhrase(null);
        }

        void Add(string[] choices, string tag)
        {
            words.Add(choices[(int)generator.NextInt64(choices.Length)]);
            tags.Add(tag);
        }
    }
}
