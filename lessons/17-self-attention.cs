// Lesson 17: self-attention step by step.                                  dotnet run lessons/17-self-attention.cs
//
// A recurrent network (lessons 15 and 16) passes its state from word to word. Self-attention lets every word look at every other one
// directly. Each word's vector a is multiplied by three matrices:
//
//   q = Wq a   the query: what this word asks for
//   k = Wk a   the key: what this word can be found by
//   v = Wv a   the value: what it has to say
//
//   alpha = q . k, for each pair     softmax over the keys     output = the sum of the values, weighted
//
// Vectors and matrices are small whole numbers, so that all of it can be checked by hand.
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// The sentence; the same word has the same vector wherever it stands.
string[] words = ["I", "saw", "a", "saw"];
double[][] a = [[1, 0, 0], [0, 1, 1], [1, 0, 1], [0, 1, 1]];
double[,] wq = { { 1, 0, 1 }, { 0, 1, 0 } }, wk = { { 0, 1, 0 }, { 1, 0, 1 } }, wv = { { 1, 2, 0 }, { 0, 1, 3 } };
int n = words.Length;

// 1. By loops, as one would write it in C.
var q = Array.ConvertAll(a, x => Times(wq, x));
var k = Array.ConvertAll(a, x => Times(wk, x));
var v = Array.ConvertAll(a, x => Times(wv, x));
for (int i = 0; i < n; i++) Console.WriteLine($"{words[i],-3}  a = {Show(a[i])}  q = {Show(q[i])}  k = {Show(k[i])}  v = {Show(v[i])}");

Console.WriteLine("\nthe query of word 1 meets every key:");
for (int j = 0; j < n; j++) Console.WriteLine($"alpha(1,{j + 1}) = q1 . k{j + 1} = {Show(q[0])} . {Show(k[j])} = {Dot(q[0], k[j])}");

var o = new double[n][];
for (int i = 0; i < n; i++)
{
    var alpha = new double[n];
    double sum = 0;
    for (int j = 0; j < n; j++) sum += alpha[j] = Math.Exp(Dot(q[i], k[j]));
    o[i] = [0, 0];
    for (int j = 0; j < n; j++)
        for (int d = 0; d < 2; d++) o[i][d] += alpha[j] / sum * v[j][d];
    Console.WriteLine($"word {i + 1}: weights {string.Join(' ', alpha.Select(e => $"{e / sum:F4}"))}  output {o[i][0]:F4} {o[i][1]:F4}");
}

// 2. As matrices, in the notes' column form: I holds a word in each column, and so do Q, K, V and O.
//      Q = Wq I    K = Wk I    V = Wv I    A = K^T Q    A' = softmax of each column    O = V A'
Tensor I = Columns(a), Q = Tensor.From(wq).MatMul(I), K = Tensor.From(wk).MatMul(I), V = Tensor.From(wv).MatMul(I);
var A = K.T.MatMul(Q);
var Aprime = A.Softmax(0);
var O = V.MatMul(Aprime);
Console.WriteLine($"\nA = K^T Q, row: key, column: query\n{Rows(A, "F0")}");
Console.WriteLine($"A' = softmax(A), every column sums to 1\n{Rows(Aprime, "F4")}");
Console.WriteLine($"O = V A', a column for each word\n{Rows(O, "F4")}");
Console.WriteLine($"loops and matrices differ by {Difference(O, Columns(o)):F10}");

// 3. PyTorch writes a word in each row, so that everything is transposed: O = softmax of each row of (Q K^T), times V.
Tensor rowQ = Q.T, rowK = K.T, rowV = V.T;
var rowO = rowQ.MatMul(rowK.T).Softmax(1).MatMul(rowV);
Console.WriteLine($"column form and row form differ by {Difference(O, rowO.T):F10}");
// The library has it ready.
Console.WriteLine($"ScaledDotProductAttention with scale 1 differs by {Difference(rowO, rowQ.ScaledDotProductAttention(rowK, rowV, scale: 1)):F10}");

// 4. Why scaled. A product of two random vectors of d numbers has the deviation sqrt(d): with many numbers the largest score is far
// from the others, softmax gives it nearly all the weight, and hardly any gradient is left. Divided by sqrt(d) it stays near 1.
Cresset.Random.Seed(17);
Console.WriteLine("\n   d   deviation of q . k   largest of 8 weights: plain   scaled");
foreach (int d in new[] { 4, 64, 1024 })
{
    Tensor queries = Tensor.Randn([1000, d], DType.Float64), keys = Tensor.Randn([8, d], DType.Float64), scores = queries.MatMul(keys.T);
    double plain = scores.Softmax(1).AMax(1).Mean().Item(), scaled = (scores / Math.Sqrt(d)).Softmax(1).AMax(1).Mean().Item();
    Console.WriteLine($"{d,4}   {scores.Std().Item(),18:F2}   {plain,27:F3}   {scaled,6:F3}");
}

// 5. Attention is a sum over a set: it knows no order. The two "saw" have the same output, and shuffled words have the same outputs,
// shuffled. Lesson 18 tells each word its place.
Console.WriteLine($"\nthe outputs of the two \"saw\" differ by {Difference(O[.., 1], O[.., 3]):F10}");
var order = Tensor.From(new long[] { 2, 0, 3, 1 });
Tensor shuffled = rowQ[order], shuffledK = rowK[order], shuffledV = rowV[order];
Console.WriteLine($"shuffled words, shuffled outputs: they differ by {Difference(rowO[order], shuffled.ScaledDotProductAttention(shuffledK, shuffledV, scale: 1)):F10}");

string[] numbered = [.. words.Select((w, i) => $"{i + 1} {w}")];
Charts.Figure("Lesson 17: I saw a saw",
    new Panel("query", "key", "A = K^T Q").HeatMap(Lines(A), numbered, numbered, showValues: true),
    new Panel("query", "key", "A', the softmax of each column").HeatMap([.. Lines(Aprime).Select(r => Array.ConvertAll(r, x => Math.Round(x, 3)))], numbered, numbered, showValues: true))
    .SavePng(Path.Combine(output, "17-self-attention.png"));

static double[] Times(double[,] w, double[] x)
{
    var y = new double[w.GetLength(0)];
    for (int i = 0; i < y.Length; i++)
        for (int j = 0; j < x.Length; j++) y[i] += w[i, j] * x[j];
    return y;
}

static double Dot(double[] x, double[] y)
{
    double sum = 0;
    for (int i = 0; i < x.Length; i++) sum += x[i] * y[i];
    return sum;
}

static string Show(double[] x) => $"({string.Join(' ', x)})";

// A vector in each column of a matrix.
static Tensor Columns(double[][] vectors) => Tensor.Stack([.. vectors.Select(x => Tensor.From(x))], 1);

static double[][] Lines(Tensor matrix) => [.. Enumerable.Range(0, matrix.Size(0)).Select(i => matrix[i].ToArray<double>())];

static string Rows(Tensor matrix, string format) =>
    string.Join('\n', Lines(matrix).Select(row => "   " + string.Join("  ", row.Select(x => x.ToString(format)))));

static double Difference(Tensor x, Tensor y) => (x - y).Abs().Max().Item();
