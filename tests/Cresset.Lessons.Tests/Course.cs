using System.Text.RegularExpressions;
using static Cresset.Lessons.Tests.Expectation;
using static Cresset.Lessons.Tests.Oracles;

namespace Cresset.Lessons.Tests;

/// <summary>What every lesson must print: closed forms, plain loops in double, and the figures of the course's notes.</summary>
static class Course
{
    public static readonly Lesson[] Lessons =
    [
        new("01-linear-model", ["01-linear-model"],
            // The cost of w is 14/3 (w - 2)^2, because the mean of x^2 is 14/3.
            Each(@"^ *(\d\.\d)  .* (\d+\.\d{6})$", 41, w => 14.0 / 3 * (w[0] - 2) * (w[0] - 2), 1e-6),
            Text("best w = 2.0, MSE = 0.000000"),
            Text("prediction for 4 = 8.0"),
            Text("a table of shape [41, 3], costs of shape [41], best w = 2.0"),
            Text("best w = 2.0, best b = 0.0 of 1681 pairs")),

        new("02-gradient-descent", ["02-gradient-descent"],
            // Each step multiplies the distance to 2 by 1 - 0.01 * 28/3.
            Each(@"^epoch +(\d+)  w = (\S+)  cost", 100, e => 2 - Math.Pow(1 - 0.28 / 3, e[0] + 1), 1e-12),
            Each(@"^epoch +(\d+)  w = \S+  cost = (\S+)$", 100, e => 14.0 / 3 * Math.Pow(1 - 0.28 / 3, 2 * e[0]), 1e-5),
            Text("gradient at w = 1: by formula -9.333333, by difference -9.333333"),
            Text("prediction for 4 before training: 4.0"),
            Text("\nw = 1.99994443965530"),
            Text("prediction for 4 after training: 7.99977775862")),

        new("03-stochastic-gradient-descent", ["03-stochastic-gradient-descent"],
            Text("\nw = 1.9999999999999236"),
            // The first gradients by hand: 2 * 1 * (1 - 2), then from w = 1.02 2 * 2 * (2.04 - 4), then from 1.0984 2 * 3 * (3.2952 - 6).
            Text("gradient = -2.000000, w = 1.020000"),
            Text("gradient = -7.840000, w = 1.098400"),
            Text("gradient = -16.228800, w = 1.260688"),
            Number(@"by the mean (\S+),", Math.Pow(1 - 0.28 / 3, 100), 1e-7),
            Number(@"sample by sample (\S+)$", Math.Pow(0.98 * 0.92 * 0.82, 100), 1e-15),
            // Least squares: sum x y / sum x^2.
            Number(@"best w = (\S+):", (2.6 + 2 * 3.4 + 3 * 6.3) / 14, 5e-5),
            Number(@"the mean ends at (\S+),", Noisy().Mean, 5e-5),
            Number(@"swings between (\S+) and", Noisy().Low, 5e-5),
            Number(@"swings between \S+ and (\S+)$", Noisy().High, 5e-5)),

        new("04-optimizers", ["04-optimizers", "04-optimizers-race"],
            Each(@"^   (\d\.\d+) +(-?\d\.\d+)    \S+  \w+$", 4, r => 1 - r[0] * 28 / 3, 5e-5),
            Each(@"^   (0\.2\d?) +-\d\.\d+    (\S+)  \w+$", 2, r => Math.Pow(Math.Abs(1 - r[0] * 28 / 3), 20), 1e-5),
            Number(@"plain descent stays at w = (\S+),", Root(1, 2), 1e-4),
            Number(@"momentum arrives at w = (\S+),", Root(-2, -1), 1e-4),
            Number(@"left: plain (\d+),", SaddleSteps(0)),
            Number(@"momentum (\d+); exactly", SaddleSteps(0.9)),
            Text("exactly on the ridge: never"),
            Number(@"^   SGD  +(\S+) ", Gorge(0, 0.01), 1e-5),
            Number(@"^   SGD, momentum  +(\S+) ", Gorge(0.9, 0.01), 1e-7),
            Number(@"^   Adam  +(\S+) ", GorgeByAdam(0.1), 1e-6),
            // PyTorch 1.13 with the same settings: tests/reference/make_lessons.py.
            Number(@"^   Nesterov +(\S+) ", 0.000144181, 1e-9),
            Number(@"^   ASGD +(\S+) ", 2.11107, 1e-5),
            Number(@"^   RMSprop +(\S+) ", 1.29824, 1e-5),
            Number(@"^   Rprop +(\S+) ", 0.00130524, 1e-8),
            Number(@"^   AdamW +(\S+) ", 0.0820995, 1e-7),
            Number(@"^   Adamax +(\S+) ", 1.03587, 1e-5),
            Number(@"^   Adagrad +(\S+) ", 1.31607, 1e-5),
            Number(@"^   L-BFGS +(\S+) ", 2.58733e-10, 1e-12)),

        new("05-back-propagation", ["05-back-propagation"],
            Text("   Square\n      Sub\n         Mul\n            leaf"),
            Text("w.Grad = -8, by hand 2 x (x w - y) = -8"),
            // r = 1 * 4 + 2 * 2 + 0.5 - 4 = 4.5: 2 r x^2, 2 r x, 2 r.
            Number(@"dl/dw1 = (\S+) \(", 36), Number(@"dl/dw2 = (\S+) \(", 18), Number(@"dl/db = (\S+) \(", 9),
            Text("without zeroing: w.Grad = -16"),
            Text("zeroed first: w.Grad = -8"),
            Text("Item(): 4 is a double; Detach(): RequiresGrad is True before and False after"),
            Text("gradient = -16.228800"),
            Text("   w = 1.9999999999999236"),
            Number(@"prediction for 4 after training: (\S+)$", 4 * (2 - Math.Pow(0.98 * 0.92 * 0.82, 100)), 1e-14)),

        new("06-linear-regression", ["06-linear-regression"],
            Follows(@"^w = (\S+)$", o => Regression(o).W, 1e-6),
            Follows(@"^b = (\S+)$", o => Regression(o).B, 1e-6),
            Follows(@"^prediction for 4 = (\S+)$", o => 4 * Regression(o).W + Regression(o).B, 1e-6),
            // The notes' figures: weight to 2, bias to 0, prediction to 8.
            Number(@"^w = (\S+)$", 2, 0.01), Number(@"^b = (\S+)$", 0, 0.01), Number(@"^prediction for 4 = (\S+)$", 8, 0.01)),

        new("07-logistic-regression", ["07-logistic-regression"],
            Text("truth 1, predicted 0.9: loss = 0.1054"),
            Follows(@"^w = (\S+)$", o => Logistic(o).W, 1e-6),
            Follows(@"^b = (\S+)$", o => Logistic(o).B, 1e-6),
            Follows(@"after 4 hours = (\S+)$", o => 1 / (1 + Math.Exp(-4 * Logistic(o).W - Logistic(o).B)), 1e-6),
            Follows(@"one half is reached after (\S+) hours$", o => -Logistic(o).B / Logistic(o).W, 1e-4),
            Text("accuracy on the data = 100 %")),

        new("08-several-inputs", ["08-several-inputs"],
            // Weights and biases of 8-6-4-1: 8 * 6 + 6, 6 * 4 + 4, 4 * 1 + 1.
            Number(@"^parameters = (\d+)$", 54 + 28 + 5),
            // The scores follow from the four counts.
            Follows(@"^accuracy = (\S+) ", o => (Found(o) + Well(o)) / (Found(o) + Missed(o) + FalseAlarms(o) + Well(o)), 5.1e-5),
            Follows(@"^precision = (\S+) ", o => Found(o) / (Found(o) + FalseAlarms(o)), 5.1e-5),
            Follows(@"^recall = (\S+) ", o => Found(o) / (Found(o) + Missed(o)), 5.1e-5),
            Follows(@"^F1 = (\S+) ", o => 2 * Found(o) / (2 * Found(o) + FalseAlarms(o) + Missed(o)), 5.1e-5),
            Follows(@"everybody well: accuracy = (\S+),", o => (FalseAlarms(o) + Well(o)) / 192, 5.1e-5),
            Follows(@"^test: (\d+) ill and found", o => 192 - Missed(o) - FalseAlarms(o) - Well(o), 0),
            // Near what one reaches who knows the rule.
            Follows(@"^accuracy = (\S+) ", o => Find(o, @"the coin: accuracy = (\S+) "), 0.06)),

        new("09-dataset-and-dataloader", ["09-dataset-and-dataloader"],
            // Spiral 1 at t = 0.5 + 2.5 * 3 / 10 = 1.25, angle 1.5 t + pi.
            Text(FormattableString.Invariant($"sample 3 is the point ({1.25 * Math.Cos(1.875 + Math.PI):F3}, {1.25 * Math.Sin(1.875 + Math.PI):F3}) of class 1")),
            // Every sample comes once in an epoch.
            Follows(@"^10 samples, batch size (4),", o => OneOfEach(o, 0) && OneOfEach(o, 1) ? 4 : double.NaN, 0),
            Follows(@"^the loader has (\d+) batches", _ => Math.Ceiling(10 / 4.0), 0),
            Follows(@"^dropLast leaves the small one out: (\d+) batches$", _ => Math.Floor(10 / 4.0), 0),
            Each(@"^batch size +(\d+): +(\d+) iterations an epoch", 3, g => Math.Ceiling(600 / g[0])),
            Each(@"^batch size +(\d+): +\d+ iterations an epoch, +(\d+) in all", 3, g => 30 * Math.Ceiling(600 / g[0])),
            // The order, and so the checksum, does not depend on workers.
            Follows(@"^workers = 2: .* checksum (\S+)$", o => Find(o, @"^workers = 0: .* checksum (\S+)$"), 0),
            Number(@"^batch size  32: .* test accuracy = (\S+)$", 1, 0.03)),

        new("10-softmax-classifier", ["10-softmax-classifier", "10-softmax-digits"],
            Number(@"^by hand, -log p_true += (\S+)$", SoftmaxLoss(0, 0.2, 0.1, -0.1), 1e-14),
            Number(@"^NLL of the log-softmax += (\S+)$", SoftmaxLoss(0, 0.2, 0.1, -0.1), 1e-14),
            Number(@"^cross-entropy of the logits += (\S+)$", SoftmaxLoss(0, 0.2, 0.1, -0.1), 1e-14),
            Number(@"^loss of a good prediction = (\S+),",
                (SoftmaxLoss(2, 0.1, 0.2, 0.9) + SoftmaxLoss(0, 1.1, 0.1, 0.2) + SoftmaxLoss(1, 0.2, 2.1, 0.1)) / 3, 5.1e-5),
            Number(@"of a bad one = (\S+)$",
                (SoftmaxLoss(2, 0.8, 0.2, 0.3) + SoftmaxLoss(0, 0.2, 0.3, 0.5) + SoftmaxLoss(1, 0.2, 0.2, 0.5)) / 3, 5.1e-5),
            Text("deviation 1.0000\n"),
            Number(@"^parameters = (\d+)$", (784 * 512) + 512 + (512 * 256) + 256 + (256 * 128) + 128 + (128 * 64) + 64 + (64 * 10) + 10),
            // Between 93% and all with ReLU; straight lines alone stay below.
            Number(@"^with ReLU    epoch 6 .* test accuracy = (\S+)$", 0.965, 0.035),
            Number(@"^without ReLU epoch 6 .* test accuracy = (\S+)$", 0.87, 0.055)),

        new("11-convolution", ["11-convolution", "11-learned-kernel"],
            // The first place by hand: 1*3+2*4+3*6 + 4*2+5*4+6*6 + 7*1+8*6+9*7.
            Text("by loops:   211 295 262 259 282 214 251 253 169"),
            Text("by Conv2d:  211 295 262 259 282 214 251 253 169"),
            Text("padding 1:  [1, 1, 5, 5]"), Text("stride 2:   [1, 1, 2, 2]"), Text("[1, 8, 3, 3]: 8 kernels"),
            Text("max pool 2: 4 8 9 8:"),
            Text("[1, 1, 28, 28]   -> [1, 10, 24, 24]"), Text("[1, 10, 24, 24]  -> [1, 10, 12, 12]"),
            Text("[1, 10, 12, 12]  -> [1, 20, 8, 8]"), Text("[1, 20, 8, 8]    -> [1, 20, 4, 4]"), Text("[1, 20, 4, 4]    -> [1, 20, 2, 2]"),
            Number(@"^learned: (\S+) ", -1, 0.25), Number(@"^learned: (?:\S+ ){3}(\S+) ", -2, 0.25), Number(@"^learned: (?:\S+ ){4}(\S+) ", 0, 0.25),
            Number(@"^learned: .* (\S+)$", 1, 0.25)),

        new("12-basic-cnn", ["12-basic-cnn", "12-feature-maps"],
            Number(@"^parameters: CNN = (\d+),", (10 * 26) + (20 * 251) + (10 * 321)),
            Number(@"lesson 10's network = (\d+)$", 575_050),
            Number(@"^CNN +epoch 5 .* test accuracy = (\S+)$", 0.985, 0.015),
            Follows(@"^test errors in 1000: CNN = (\d+),", o => 1000 * (1 - Find(o, @"^CNN +epoch 5 .* test accuracy = (\S+)$")), 0.1)),

        new("13-inception", ["13-inception"],
            Text("5*5 * 28*28 * 192*32 = 120,422,400"), Text("1*1 * 28*28 * 192*16 = 2,408,448"),
            Text("5*5 * 28*28 *  16*32 = 10,035,200"), Text("12,443,648, 9.7 times fewer"),
            Text("[1, 10, 12, 12] -> [1, 88, 12, 12]"),
            // 24x24 places of 250, 12x12 of block one's 18,960, 8x8 of 44,000, 4x4 of block two's 19,680, and 880 by 16 to 10.
            Text("6,019,200\n"),
            Number(@"^parameters = (\d+)$", 260 + 19_104 + 44_020 + 19_824 + 14_090),
            Number(@"^epoch 3 .* test accuracy = (\S+)$", 0.97, 0.03)),

        new("14-residual-blocks", ["14-residual-blocks"],
            Number(@"^20 sigmoids in a chain: dh/dx = (\S+),", Math.Pow(0.25, 20), 1e-17),
            Number(@"h \+ 0\.1 s\(h\):  dh/dx = (\S+),", Math.Pow(1.025, 20), 1e-5),
            // A stem of 16 * 26, twenty convolutions of 16 * 145, a last layer of 577 * 10; skips have no weights.
            Text("plain = 52586, residual = 52586"), Number(@"^parameters: plain = (\d+),", (16 * 26) + (20 * 16 * 145) + (577 * 10)),
            Number(@"^first block against last: plain = (\S+),", 0, 1e-3),
            Number(@"^first block against last: .* residual = (\S+)$", 5.05, 4.95),
            Number(@"^plain +epoch 3  loss = (\S+) ", Math.Log(10), 0.02),
            Number(@"^plain +epoch 3 .* test accuracy = (\S+)$", 0.1, 0.05),
            Number(@"^residual +epoch 3 .* test accuracy = (\S+)$", 0.96, 0.04)),
        new("15-rnn", ["15-rnn"],
            Each(@"^x = (\d), h = (\S+): h' = .* = (\S+)$", 3, s => Math.Tanh(0.5 * s[0] + 0.1 + 0.8 * s[1]), 2e-6),
            Text("   h  0 1 0 0\n   e  1 0 0 0\n   l  0 0 1 0\n   l  0 0 1 0\n   o  0 0 0 1\n"),
            Text("with the same weights differ by 0.000000"),
            // 4 x 4 + 4 x 4 + 4 + 4; 4 x 10, then 8 x 10 + 8 x 8 + 16, then 8 x 8 + 8 x 8 + 16, then 4 x 8 + 4.
            Text("parameters: cell 40, Rnn 40, Embedding + Rnn + Linear 380"),
            Text("RnnCell predicts \"ohlol\""), Text("Rnn predicts \"ohlol\""), Text("Embedding predicts \"ohlol\""),
            // Scores between -1 and 1 keep the loss above log(1 + 3 e^-2).
            Number(@"that states can reach: (\S+)$", 0.34075, 5e-5),
            Number(@"^RnnCell predicts .* loss = (\S+)$", 0.34 + 0.05, 0.05),
            Number(@"^Rnn predicts .* loss = (\S+)$", 0.34 + 0.05, 0.05),
            Number(@"^Embedding predicts .* loss = (\S+)$", 0, 0.01),
            // Without memory the two l share their scores: at best 1 for l and o, -1 for e and h.
            Number(@"^Without memory predicts .* loss = (\S+)$", (3 * Math.Log(1 + 3 * Math.Exp(-2)) + 2 * Math.Log(2 + 2 * Math.Exp(-2))) / 5 + 0.02, 0.02),
            Text("the scores of the two l differ by 0\n")),

        new("16-classifying-names", ["16-classifying-names"],
            // 50 / 3 = 16 of each of the eight languages are held out.
            Text("400 names, 8 languages, 272 to train on, 128 to test on"),
            Text("padded [3, 6] = 18 places, packed 14 rows\n   names at each step: 3 3 3 2 2 1\n   G W I a e t r b o c e i r a\n"),
            // The embedding, two directions with three gates each, the linear layer.
            Follows(@"^parameters: (\S+)$", o => Find(o, @"(\d+) letters$") * 32 + 2 * 3 * (48 * 32 + 48 * 48 + 48 + 48) + 8 * 96 + 8, 0),
            // Guessing scores 1/8.
            Text("always the largest language: 0.1250"),
            Number(@"^test accuracy = (\S+),", 0.7, 0.12),
            // The languages are of one size, so that the mean of their recalls is the accuracy.
            Follows(@"macro recall = (\S+),", o => Find(o, @"^test accuracy = (\S+),"), 1e-9),
            Follows(@"macro F1 = (\S+)$", MeanF1, 1e-3),
            Text("Rossini: Italian"), Text("Yamashiro: Japanese"), Text("Zhong: Chinese")),

        new("17-self-attention", ["17-self-attention"],
            Text("saw  a = (0 1 1)  q = (1 1)  k = (1 1)  v = (2 4)"), Text("a    a = (1 0 1)  q = (2 0)  k = (0 2)  v = (1 3)"),
            Text("alpha(1,2) = q1 . k2 = (1 0) . (1 1) = 1"),
            // Scores of "I": 0 1 0 1, of "saw": 1 2 2 2, of "a": 0 2 0 2.
            Text("   0  1  0  1\n   1  2  2  2\n   0  2  0  2\n   1  2  2  2\n"),
            Number(@"^word 1: weights (\S+) ", 1 / (2 + 2 * Math.E), 5e-5), Number(@"^word 2: weights (\S+) ", 1 / (1 + 3 * Math.E), 5e-5),
            Number(@"^word 3: .* output (\S+) ", (2 + 4 * Math.Exp(2)) / (2 + 2 * Math.Exp(2)), 5e-5),
            Number(@"^word 1: .* output \S+ (\S+)$", (3 + 8 * Math.E) / (2 + 2 * Math.E), 5e-5),
            Number(@"^loops and matrices differ by (\S+)$", 0, 1e-9), Number(@"^column form and row form differ by (\S+)$", 0, 1e-9),
            Number(@"^ScaledDotProductAttention with scale 1 differs by (\S+)$", 0, 1e-9),
            // Products with 8 random keys of d numbers: the deviation is the root of d but for the keys' own lengths, which with 4
            // numbers differ by a third. Scaled, the largest of 8 weights is the same as of 8 normal scores.
            Number(@"^   4 +(\S+) ", 2, 0.7), Number(@"^  64 +(\S+) ", 8, 0.8), Number(@"^1024 +(\S+) ", 32, 1.6),
            Number(@"^1024 +\S+ +(\S+) ", 0.95, 0.05), Number(@"^1024 .* (\S+)$", 0.37, 0.05),
            Number(@"^the outputs of the two ""saw"" differ by (\S+)$", 0), Number(@"they differ by (\S+)$", 0, 1e-9)),

        new("18-multi-head-attention", ["18-multi-head-attention", "18-positions"],
            Text("1600 sentences to train on, 400 to test on"), Text("width 64 in 4 heads of 16"),
            Text("place 0: 0.0000 1.0000 0.0000 1.0000"),
            Number(@"^place 1: (\S+) ", Math.Sin(1), 5e-5), Number(@"^place 1: \S+ \S+ (\S+) ", Math.Sin(Math.Pow(10000, -2 / 64.0)), 5e-5),
            // Embedding; attention 4 * (64 * 64 + 64); two norms; 64 to 128 to 64; the tags.
            Follows(@"^with positions, (\d+) parameters$", o => Find(o, @", (\d+) words,") * 64 + 4 * (64 * 64 + 64) + 2 * 128 + 64 * 128 + 128 + 128 * 64 + 64 + 9 * 65, 0),
            Follows(@"^without positions, (\d+) parameters$", o => Find(o, @"^with positions, (\d+) parameters$"), 0),
            // With positions first: the words with two tags are right too.
            Text("I/PRON saw/VERB a/DET saw/NOUN\nthe scores"),
            // Without them nothing can tell the two apart.
            Follows(@"^without positions(?:.*\n)+?the scores of the two saw differ by (\S+)$", _ => 0, 0),
            Each(@"^epoch (20)  loss = \S+  test words right = (\S+)$", 2, _ => 0.98, 0.02)),

        new("19-speech-attention", ["19-speech-attention", "19-speech-sounds"],
            // L * L weights; in blocks 3 * 16 for each query; 2 * 16 + 1 within the window. Times follow and are not checked.
            Each(@"^ *(\d+) +(\d+) +\d+ +\d+ +\d+\.\d\d +\d+\.\d\d$", 6, l => l[0] * l[0]),
            Each(@"^ *(\d+) +\d+ +(\d+) +\d+ +\d+\.\d\d +\d+\.\d\d$", 6, l => 48 * l[0]),
            Each(@"^ *(\d+) +\d+ +\d+ +(\d+) +\d+\.\d\d +\d+\.\d\d$", 6, l => 33 * l[0]),
            Number(@"with a band mask differ by (\S+)$", 0, 1e-5),
            // The Hann window of 200 samples sums to 100, and a sine of amplitude 1 has half of that at its own frequency.
            Number(@"^a tone of 1000 Hz, mel (\S+):", 2595 * Math.Log10(17 / 7.0), 0.005),
            Number(@"strongest at (\S+) Hz", 1000), Number(@"power (\S+)$", 50 * 50, 0.1),
            Text("sounds to train on [400, 128, 24]: 400 words"),
            Number(@"^parameters: (\d+)$", (24 * 64) + 64 + (64 * 192) + 192 + (64 * 64) + 64 + (64 * 128) + 128 + (128 * 6) + 6),
            // Vowels last 25 to 50 frames each: 75 of 128 on average.
            Number(@"^always silence: frames right (\S+)$", 53 / 128.0, 0.03),
            Number(@"^window   0: frames right (\S+)$", 0.9, 0.06), Number(@"^window  16: frames right (\S+)$", 0.95, 0.05),
            // Neighbours help.
            Follows(@"^window  16: frames right (\S+)$", o => Find(o, @"^window   0: frames right (\S+)$") + 0.04, 0.035),
            Follows(@"^window 128: frames right (\S+)$", o => Find(o, @"^window  16: frames right (\S+)$"), 0.04)),

        new("20-attention-against-cnn", ["20-attention", "20-cnn"],
            // 1: thirteen distances, the last of them 31. Two convolutions of five reach four places back; beyond them one guesses among eight.
            Number(@"^  attention +(?:\S+ +){12}(\S+)$", 1, 0.05), Number(@"^  RNN +(?:\S+ +){12}(\S+)$", 1, 0.1),
            Number(@"^  CNN +(\S+)(?: +\S+){12}$", 1, 0.12), Number(@"^  CNN +(?:\S+ +){4}(\S+)(?: +\S+){8}$", 1, 0.25),
            Number(@"^  CNN +(?:\S+ +){5}(\S+)(?: +\S+){7}$", 1 / 8.0, 0.075), Number(@"^  CNN +(?:\S+ +){12}(\S+)$", 1 / 8.0, 0.075),
            // 2: the input, the choice of a step, then a node for each step. Attention: the input, linear, attention proper,
            // transpose, reshape, linear.
            Each(@"^2 length +(\d+): longest chain, RNN (\d+),", 6, l => l[0] + 2),
            Each(@"^2 length .* RNN \d+, attention (\d+), convolution", 6, _ => 6),
            // 3: six lengths, 8 and 256 at the ends. The CNN finds marks at five places of L and guesses the others.
            Number(@"^  attention +(?:\S+ +){5}(\S+)$", 1, 0.1),
            Number(@"^  CNN +(\S+)(?: +\S+){5}$", (5 + (3 / 8.0)) / 8, 0.12), Number(@"^  CNN +(?:\S+ +){5}(\S+)$", (5 + (251 / 8.0)) / 256, 0.08),
            // 4.
            Number(@"^4 CNN, (\d+) parameters", (8 * 26) + (16 * 201) + (10 * 257)),
            Number(@"^4 attention, (\d+) parameters", (49 * 32) + 32 + (16 * 32) + (2 * ((4 * 33 * 32) + (33 * 64) + (65 * 32) + (4 * 32))) + (33 * 10)),
            Number(@"^4 CNN, .* 3000 digits (\S+)$", 0.96, 0.04),
            Follows(@"^4 attention, .*: 100 digits (\S+),", o => Find(o, @"^4 CNN, .*: 100 digits (\S+),") - 0.3, 0.2),
            Follows(@"^4 attention, .* 3000 digits (\S+)$", o => Find(o, @"^4 CNN, .* 3000 digits (\S+)$") - 0.06, 0.06),
            // 5: three convolutions of five see 3 * 4 + 1.
            Text("5 convolution: output 16 depends on 5 of 33"), Text("5 three convolutions: output 16 depends on 13 of 33"),
            Text("5 attention: output 16 depends on 33 of 33"),
            // 6: n n + n weights for n = 16 L; 16 * 16 * 5 + 16; 4 (16 * 16 + 16).
            Number(@"linear (\d+), ", (128 * 128) + 128), Number(@" (\d+); convolution", (1024 * 1024) + 1024),
            Text("; convolution 1296; attention 1088\n"),
            Number(@"^6 shifted .*, convolution: differ by (\S+)$", 0, 1e-5), Number(@"^6 shifted .*, attention: differ by (\S+)$", 0, 1e-5),
            Number(@"^6 shifted .*, attention with positions: differ by (\S+)$", 1, 0.99), Number(@"^6 shifted .*, linear: differ by (\S+)$", 2, 1.9),
            // 7: 5 * 64 * 64 for each place; four maps of 64 * 64 for each, and two products of 64 for each pair.
            Each(@"^7 length +(\d+): multiply-adds, convolution (\d+),", 8, l => 5 * 64 * 64 * l[0]),
            Each(@"^7 length +(\d+): .* attention (\d+)$", 8, l => (4 * 64 * 64 * l[0]) + (2 * 64 * l[0] * l[0])),
            Number(@"^8 mark at 7: attention takes (\S+) ", 1, 0.1), Number(@"^8 mark at 19: .* and (\S+) from 19$", 1, 0.1),
            Number(@"^8 largest difference between the two: attention (\S+),", 1, 0.1), Number(@"^8 largest .* convolution (\S+)$", 0, 1e-6)),
    ];

    // Lesson 8's counts on the test rows.
    static double Found(string o) => Find(o, @"^test: (\d+) ill and found");

    static double Missed(string o) => Find(o, @"(\d+) ill and missed");

    static double FalseAlarms(string o) => Find(o, @"(\d+) well but called ill");

    static double Well(string o) => Find(o, @"called ill, (\d+) well$");

    static bool OneOfEach(string o, int epoch) =>
        Regex.Matches(o, $@"^  epoch {epoch}, iteration \d: samples ([\d ]+)$", RegexOptions.Multiline)
            .SelectMany(m => m.Groups[1].Value.Split(' ')).Order(StringComparer.Ordinal).SequenceEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);

    static double SoftmaxLoss(int truth, params double[] z) => Math.Log(z.Sum(Math.Exp)) - z[truth];
}
