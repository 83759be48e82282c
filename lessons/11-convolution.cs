// Lesson 11: convolution.                                                      dotnet run lessons/11-convolution.cs
//
// A kernel is a small table of weights that slides over the picture. At every place it multiplies the pixels below it by its
// weights and adds up: one number of the output, the feature map.
//   y[i, j] = sum over u, v of w[u, v] x[i + u, j + v]
// The same few weights serve every place, so what is learned in one corner is known in all the others.
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;
using Cresset.Vision;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// 1. By hand, two loops over the places and two over the kernel; then by Conv2d. A 5x5 picture and a 3x3 kernel give 3x3.
float[] x5 = [3, 4, 6, 5, 7, 2, 4, 6, 8, 2, 1, 6, 7, 8, 4, 9, 7, 4, 6, 2, 3, 7, 5, 4, 1];
float[] w3 = [1, 2, 3, 4, 5, 6, 7, 8, 9];
var y3 = new float[9];
for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
        for (int u = 0; u < 3; u++)
            for (int v = 0; v < 3; v++)
                y3[i * 3 + j] += w3[u * 3 + v] * x5[(i + u) * 5 + j + v];
var (x, w) = (Tensor.From(x5, [1, 1, 5, 5]), Tensor.From(w3, [1, 1, 3, 3])); // [N, C, H, W] and [C out, C in, KH, KW]
Console.WriteLine($"by loops:   {string.Join(' ', y3)}");
Console.WriteLine($"by Conv2d:  {string.Join(' ', x.Conv2d(w).ToArray<float>())}");

// 2. Padding, stride, pooling: all follow one rule, H' = floor((H + 2 padding - kernel) / stride) + 1.
Console.WriteLine($"padding 1:  {x.Conv2d(w, padding: 1).Shape}: zeros around, the size stays");
Console.WriteLine($"stride 2:   {x.Conv2d(w, stride: 2).Shape}: every second place");
Console.WriteLine($"3 channels: {Tensor.Zeros([1, 3, 5, 5]).Conv2d(Tensor.Zeros([8, 3, 3, 3])).Shape}: 8 kernels of 3x3x3, 8 feature maps");
var four = Tensor.From([3f, 4, 6, 5, 2, 4, 6, 8, 1, 6, 7, 8, 9, 7, 4, 6], [1, 1, 4, 4]);
Console.WriteLine($"max pool 2: {string.Join(' ', four.MaxPool2d(2).ToArray<float>())}: the largest of each 2x2, no weights\n");

Console.WriteLine("shapes at each layer:");
var h = Tensor.Zeros([1, 1, 28, 28]);
Cresset.Random.Seed(0);
foreach (Module layer in new Module[] { new Conv2d(1, 10, 5), new MaxPool2d(2), new Conv2d(10, 20, 5), new MaxPool2d(2), new Conv2d(20, 20, 3, stride: 2, padding: 1), new Flatten() })
{
    var before = h.Shape;
    h = layer.Forward(h);
    Console.WriteLine($"  {before,-16} -> {h.Shape,-16} {layer}");
}

// 3. Kernels that people thought out. An edge is where the sum of differences is large; blur is a mean.
(string Name, float[] Weights)[] kernels =
[
    ("same", [0, 0, 0, 0, 1, 0, 0, 0, 0]),
    ("vertical edges", [-1, 0, 1, -2, 0, 2, -1, 0, 1]),
    ("horizontal edges", [-1, -2, -1, 0, 0, 0, 1, 2, 1]),
    ("all edges", [-1, -1, -1, -1, 8, -1, -1, -1, -1]),
    ("blur", [1 / 9f, 1 / 9f, 1 / 9f, 1 / 9f, 1 / 9f, 1 / 9f, 1 / 9f, 1 / 9f, 1 / 9f]),
    ("sharpen", [0, -1, 0, -1, 5, -1, 0, -1, 0]),
];
var digits = DrawnDigits.Draw(200, seed: 1);
int which = Array.IndexOf(digits.Labels, 4);
var picture = digits.ToTensor()[which..(which + 1)].To(DType.Float32) / 255; // [1, 1, 28, 28]
var weights = Tensor.From(kernels.SelectMany(k => k.Weights).ToArray(), [kernels.Length, 1, 3, 3]);
var maps = picture.Conv2d(weights, padding: 1)[0]; // all six at once: [6, 28, 28]
var pictures = new List<Picture>();
for (int k = 0; k < kernels.Length; k++) pictures.Add(new Picture(kernels[k].Weights, 3, 3, stretch: true));
for (int k = 0; k < kernels.Length; k++) pictures.Add(new Picture(maps[k].Contiguous().ToArray<float>(), 28, 28, stretch: true));
for (int k = 0; k < kernels.Length; k++) pictures.Add(new Picture(maps[k..(k + 1)].Unsqueeze(0).MaxPool2d(2).ToArray<float>(), 14, 14, stretch: true));
Charts.Pictures("Lesson 11: kernels (above), their feature maps, and those pooled (below)", pictures,
    [.. kernels.Select(k => k.Name), .. Enumerable.Repeat("28 x 28", 6), .. Enumerable.Repeat("14 x 14", 6)], columns: 6)
    .SavePng(Path.Combine(output, "11-convolution.png"));

// 4. A learned kernel. We show digits and their vertical edges, and say nothing of the kernel; the loss finds it.
var images = digits.ToTensor().To(DType.Float32) / 255;
var target = images.Conv2d(weights[1..2], padding: 1);
var conv = new Conv2d(1, 1, 3, padding: 1, bias: false);
var optimizer = new Adam(conv.Parameters(), lr: 0.1);
var stages = new List<(string Name, float[] Weights)>();
Console.WriteLine("\na kernel learned from pictures and their vertical edges:");
for (int step = 0; step <= 150; step++)
{
    var loss = conv.Forward(images).MseLoss(target);
    if (step is 0 or 10 or 30 or 60 or 150)
    {
        stages.Add(($"step {step}", conv.Weight.ToArray<float>()));
        Console.WriteLine($"  step {step,3}  loss = {loss.Item():F6}");
    }
    optimizer.ZeroGrad();
    loss.Backward();
    optimizer.Step();
}
Console.WriteLine($"learned: {string.Join(' ', conv.Weight.ToArray<float>().Select(v => v.ToString("F2")))}");
Console.WriteLine("truth:   " + string.Join(' ', kernels[1].Weights.Select(v => v.ToString("F2"))));
Charts.Pictures("Lesson 11: a kernel while it is learned; right, the one it was to find",
    [.. stages.Append(kernels[1]).Select(s => new Picture(s.Weights, 3, 3, stretch: true))], [.. stages.Select(s => s.Name), "truth"], columns: 6)
    .SavePng(Path.Combine(output, "11-learned-kernel.png"));
