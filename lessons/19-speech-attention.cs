// Lesson 19: self-attention for speech.                                        dotnet run lessons/19-speech-attention.cs
//
// A second of speech is 100 frames, and attention compares each frame with each: L x L weights for every head of every layer. To
// tell which sound a frame belongs to, its neighbours are enough. Truncated attention looks only w frames to the left and right:
// L x (2 w + 1) weights, which grow like L and not like its square.
//
//   sound -> frames, Hann window -> Fourier transform -> mel filters, log -> network with truncated attention -> a vowel for each frame
using System.Diagnostics;
using Cresset.Data;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");
Cresset.Random.Seed(19);

// 1. What it costs, for one head of width 64 and w = 16. The weights are counted in the tensors themselves.
double[] lengths = [64, 128, 256, 512, 1024, 2048];
var (full, blocks) = (new (double Weights, double Time)[6], new (double Weights, double Time)[6]);
// The first calls are slow: the machine code is made better while it runs.
var some = Tensor.Randn([1, 512, 64]);
for (int i = 0; i < 15; i++) Cost(() => Attention.InBlocks(some, some, some, 16));
Console.WriteLine("frames    weights: full  in blocks   needed     time, ms: full  in blocks");
using (Autograd.NoGrad())
    for (int i = 0; i < 6; i++)
    {
        int length = (int)lengths[i];
        Tensor q = Tensor.Randn([1, length, 64]), k = Tensor.Randn([1, length, 64]), v = Tensor.Randn([1, length, 64]);
        full[i] = Cost(() => Attention.Full(q, k, v));
        blocks[i] = Cost(() => Attention.InBlocks(q, k, v, 16));
        Console.WriteLine($"{length,6}  {full[i].Weights,14}  {blocks[i].Weights,9}  {length * 33,7}  {full[i].Time,16:F2}  {blocks[i].Time,9:F2}");
    }

// The blocks are no approximation: they give what full attention with a band mask gives.
Tensor one = Tensor.Randn([2, 128, 32]), two = Tensor.Randn([2, 128, 32]), three = Tensor.Randn([2, 128, 32]), place = Tensor.Arange(128);
var difference = Attention.Full(one, two, three, Attention.Band(place.Unsqueeze(1), place, 16, 128)).Output - Attention.InBlocks(one, two, three, 16).Output;
Console.WriteLine($"blocks and full attention with a band mask differ by {difference.Abs().Max().Item():F5}");

// 2. Data. The front end first on a tone: a sine of 1000 Hz has its power at 1000 Hz, with a Hann window (200 samples / 4)^2 of it.
var tone = FrontEnd.Power(Tensor.From([.. Enumerable.Range(0, Voice.Samples).Select(n => (float)Math.Sin(2 * Math.PI * 1000 * n / Voice.Rate))]));
Console.WriteLine($"a tone of 1000 Hz, mel {FrontEnd.Mel(1000):F2}: strongest at {tone[0].ArgMax().Item() * 40} Hz, power {tone[0].Max().Item():F1}");

// Words of two different vowels, such as "ai", said by Voice with random pitch, speed, throat and noise.
var random = new System.Random(19);
var (trainSounds, trainVowels) = Make(400);
var (testSounds, testVowels) = Make(200);
var (mean, std) = (trainSounds.Mean().Item(), trainSounds.Std().Item());
var train = new TensorDataset((trainSounds - mean) / std, trainVowels);
testSounds = (testSounds - mean) / std;
Console.WriteLine($"sounds to train on {trainSounds.Shape}: {trainSounds.Size(0)} words, {Voice.Frames} frames of 10 ms, {FrontEnd.Filters} mel filters");

// 3., 4. and 5. Model, loss, loop and test for four windows. With 0 a frame sees itself alone, with 128 all others.
int[] windows = [0, 4, 16, Voice.Frames];
var right = new double[4];
Tensor shares = testSounds;
for (int i = 0; i < 4; i++)
{
    Cresset.Random.Seed(19);
    var model = new VowelNet(windows[i]);
    if (i == 0) Console.WriteLine($"parameters: {model.Parameters().Sum(p => p.ElementCount)}");
    var optimizer = new Adam(model.Parameters(), lr: 0.003);
    var loader = new DataLoader(train, 25, shuffle: true);
    for (int epoch = 0; epoch < 8; epoch++)
        foreach (var (x, y) in loader)
        {
            var loss = model.Forward(x).Flatten(0, 1).CrossEntropy(y.Flatten());
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
        }
    using var quiet = Autograd.NoGrad();
    var scores = model.Forward(testSounds);
    right[i] = scores.ArgMax(2).Equal(testVowels).To(DType.Float32).Mean().Item();
    Console.WriteLine($"window {windows[i],3}: frames right {right[i]:F4}");
    if (windows[i] == 16) shares = scores.Softmax(2);
}
Console.WriteLine($"always silence: frames right {testVowels.Equal(0).To(DType.Float32).Mean().Item():F4}");
// One test sound with an a (1) and an i (3), frame by frame.
int shown = Enumerable.Range(0, 200).First(n => testVowels[n].Equal(1).Any().Item<bool>() && testVowels[n].Equal(3).Any().Item<bool>());
Console.WriteLine($"said {Letters(testVowels[shown])}\nread {Letters(shares[shown].ArgMax(1))}");

Charts.Figure("Lesson 19: full and truncated attention, w = 16",
    new Panel("frames", "weights of one head", "Memory") { LogX = true, LogY = true }
        .Line(lengths, full.Select(c => c.Weights), "full").Line(lengths, blocks.Select(c => c.Weights), "truncated, in blocks"),
    new Panel("frames", "milliseconds", "Time") { LogX = true, LogY = true }
        .Line(lengths, full.Select(c => c.Time), "full").Line(lengths, blocks.Select(c => c.Time), "truncated, in blocks"))
    .SavePng(Path.Combine(output, "19-speech-attention.png"));

// Rows of the spectrogram are the filters, the highest at the top; what is far below the mean is not drawn.
double[][] loud = [.. Enumerable.Range(1, FrontEnd.Filters).Select(f => Numbers((testSounds[shown][.., FrontEnd.Filters - f] + 0.5).ClampMin(0)))];
var heard = new Panel("seconds", "probability", "What the network hears, w = 16");
for (int c = 0; c < 6; c++)
    heard.Line(Enumerable.Range(0, Voice.Frames).Select(t => t / 100.0), Numbers(shares[shown][.., c]), c == 0 ? "silence" : $"{Voice.Vowels[c]}");
Charts.Figure("Lesson 19: two spoken vowels",
    new Panel("128 frames, 1.28 seconds", "24 mel filters, the highest at the top", "Log-mel spectrogram")
        .HeatMap(loud, [.. loud.Select(_ => "")], [.. loud[0].Select(_ => "")]),
    heard,
    new Panel("window w", "share of frames that are right", "Test sounds") { YLimits = (0, 1.1) }
        .Bars(windows.Select(w => $"{w}"), right, showValues: true))
    .SavePng(Path.Combine(output, "19-speech-sounds.png"));

static string Letters(Tensor frames) => string.Concat(frames.ToArray<long>().Select(c => Voice.Vowels[(int)c]));

static double[] Numbers(Tensor x) => x.To(DType.Float64).ToArray<double>();

// How many weights, and the best time of 30 runs.
static (double Weights, double Time) Cost(Func<(Tensor Output, Tensor Weights)> attention)
{
    double count = 0, best = double.MaxValue;
    for (int run = 0; run < 30; run++)
    {
        var watch = Stopwatch.StartNew();
        count = attention().Weights.ElementCount;
        best = Math.Min(best, watch.Elapsed.TotalMilliseconds);
    }
    return (count, best);
}

// Log-mel spectrograms [N, L, filters] and the vowel of each frame [N, L].
(Tensor, Tensor) Make(int count)
{
    var said = Enumerable.Range(0, count).Select(_ => Voice.Say(random)).ToList();
    return (Tensor.Stack([.. said.Select(s => FrontEnd.LogMel(Tensor.From(s.Sound)))]), Tensor.Stack([.. said.Select(s => Tensor.From(s.Frames))]));
}

/// <summary>softmax(Q K^T / sqrt(D)) V of queries, keys and values [..., L, D], with the weights.</summary>
static class Attention
{
    public static (Tensor Output, Tensor Weights) Full(Tensor q, Tensor k, Tensor v, Tensor? allowed = null)
    {
        var scores = q.MatMul(k.T) / Math.Sqrt(q.Size(-1));
        if (allowed is not null) scores = scores.MaskedFill(!allowed, double.NegativeInfinity);
        var weights = scores.Softmax(-1);
        return (weights.MatMul(v), weights);
    }

    // Each place sees w places to either side. Chunks of w frames attend to themselves and their two neighbours, 3 w keys for each
    // query, and a mask takes away what is too far.
    public static (Tensor Output, Tensor Weights) InBlocks(Tensor q, Tensor k, Tensor v, int w)
    {
        int n = q.Size(0), length = q.Size(1), chunk = Math.Max(w, 8), chunks = length / chunk;
        // [N, L, D] to [N, L / chunk, 3 chunk, D]: zeros at both ends, then three views, shifted by a chunk each.
        Tensor Neighbours(Tensor x)
        {
            var padded = x.Pad([0, 0, chunk, chunk]);
            return Tensor.Cat([.. Enumerable.Range(0, 3).Select(s => padded.Narrow(1, s * chunk, length).Reshape(n, chunks, chunk, -1))], 2);
        }
        var start = (Tensor.Arange(chunks) * chunk).Reshape(chunks, 1, 1);
        var band = Band(start + Tensor.Arange(chunk).Unsqueeze(1), start - chunk + Tensor.Arange(3 * chunk), w, length);
        var (output, weights) = Full(q.Reshape(n, chunks, chunk, -1), Neighbours(k), Neighbours(v), band);
        return (output.Reshape(n, length, -1), weights);
    }

    // Whether a key's place is at most w from the query's, and not beyond the ends.
    public static Tensor Band(Tensor query, Tensor key, int w, int length) => ((query - key).Abs() <= w) & (key >= 0) & (key < length);
}

/// <summary>A voice after Klatt (1980): pulses of the vocal cords go through three resonators, one for each formant. A pulse holds all
/// harmonics of the pitch; the formants decide which of them are loud, and that is the vowel.</summary>
static class Voice
{
    public const int Rate = 8000, Frames = 128, Hop = 80, Window = 200, Samples = (Frames - 1) * Hop + Window;
    public const string Vowels = "_aeiou";                              // _ is silence
    // Hz, men of Peterson and Barney (1952), and how wide the resonances are.
    static readonly double[][] Formants = [[730, 1090, 2440], [530, 1840, 2480], [270, 2290, 3010], [570, 840, 2410], [300, 870, 2240]];
    static readonly double[] Widths = [60, 90, 150];

    public static (float[] Sound, long[] Frames) Say(System.Random random)
    {
        double Between(double low, double high) => low + (high - low) * random.NextDouble();
        int first = random.Next(5), second = (first + 1 + random.Next(4)) % 5;
        double pitch = Between(90, 220), throat = Between(0.85, 1.2), glide = Between(400, 1200), phase = 0, power = 0;
        int start = (int)Between(400, 1200), middle = start + (int)Between(2000, 4000), end = middle + (int)Between(2000, 4000);
        double[] sound = new double[Samples], last = new double[3], before = new double[3];
        for (int n = start; n < end; n++)
        {
            phase += pitch * (1.1 - 0.2 * (n - start) / (end - start)) / Rate;
            double signal = phase >= 1 ? 1 : 0, mix = Math.Clamp((n - middle) / glide + 0.5, 0, 1);
            phase -= signal;
            for (int f = 0; f < 3; f++)
            {
                double frequency = throat * ((1 - mix) * Formants[first][f] + mix * Formants[second][f]), decay = Math.Exp(-Math.PI * Widths[f] / Rate);
                double b = 2 * decay * Math.Cos(2 * Math.PI * frequency / Rate), c = -decay * decay;
                signal = (1 - b - c) * signal + b * last[f] + c * before[f];
                (last[f], before[f]) = (signal, last[f]);
            }
            sound[n] = signal;
            power += signal * signal / (end - start);
        }
        // Loudness, and noise from hardly any to louder than the voice. The vowel of a frame is the one in its middle.
        double loudness = Between(0.3, 1), noise = loudness * Math.Pow(10, Between(-1.7, 0.4));
        return ([.. sound.Select(s => (float)(loudness / Math.Sqrt(power) * s + noise * Between(-1, 1)))],
            [.. Enumerable.Range(0, Frames).Select(t => t * Hop + Window / 2).Select(n => n < start || n >= end ? 0L : 1 + (n < middle ? first : second))]);
    }
}

/// <summary>From a sound to its log-mel spectrogram.</summary>
static class FrontEnd
{
    public const int Filters = 24;
    const int N = Voice.Window, Bins = N / 2 + 1;                       // 0, 40, 80, ... 4000 Hz
    // Frame t holds the samples 80 t ... 80 t + 199.
    static readonly Tensor Places = Tensor.Arange(Voice.Frames).Unsqueeze(1) * Voice.Hop + Tensor.Arange(N);
    static readonly Tensor Hann = Matrix(1, N, (_, n) => 0.5 - 0.5 * Math.Cos(2 * Math.PI * n / N));
    // The discrete Fourier transform as two matrices: X_k = sum over n of x_n (cos(2 pi k n / N) - i sin(2 pi k n / N)).
    static readonly Tensor Cosines = Matrix(N, Bins, (n, k) => Math.Cos(2 * Math.PI * k * n / N));
    static readonly Tensor Sines = Matrix(N, Bins, (n, k) => Math.Sin(2 * Math.PI * k * n / N));
    // Triangles, equally wide on the mel scale, as our ears divide frequencies.
    static readonly Tensor Triangles = Matrix(Bins, Filters, (k, f) => Math.Max(0, 1 - Math.Abs(Mel(40 * k) / Mel(4000) * (Filters + 1) - (f + 1))));

    public static double Mel(double frequency) => 2595 * Math.Log10(1 + frequency / 700);

    public static Tensor Power(Tensor sound)
    {
        var frames = sound[Places] * Hann;                              // [L, 200]
        return frames.MatMul(Cosines).Square() + frames.MatMul(Sines).Square();
    }

    public static Tensor LogMel(Tensor sound) => (Power(sound).MatMul(Triangles) + 1e-3).Log();

    static Tensor Matrix(int rows, int columns, Func<int, int, double> value) =>
        Tensor.From([.. Enumerable.Range(0, rows * columns).Select(i => (float)value(i / columns, i % columns))], [rows, columns]);
}

/// <summary>One layer of truncated attention between linear ones: [N, L, filters] to scores of each frame [N, L, 6].</summary>
sealed class VowelNet(int window) : Module
{
    readonly Linear first = new(FrontEnd.Filters, 64), qkv = new(64, 3 * 64), mix = new(64, 64), up = new(64, 128), last = new(128, Voice.Vowels.Length);

    public override Tensor Forward(Tensor x)
    {
        x = first.Forward(x).Relu();
        var parts = qkv.Forward(x).Chunk(3, -1);
        var found = window < x.Size(1) ? Attention.InBlocks(parts[0], parts[1], parts[2], window) : Attention.Full(parts[0], parts[1], parts[2]);
        return last.Forward(up.Forward(x + mix.Forward(found.Output)).Relu());
    }
}
