using System.CommandLine;
using Cresset.Benchmarks;

var threads = new Option<int>("--threads") { Description = "Threads of both libraries.", DefaultValueFactory = _ => 1 };
var filter = new Option<string[]>("--filter")
{
    Description = "Only works whose group or name holds one of these texts: matmul, operators, training, inference, MLP, ...",
    AllowMultipleArgumentsPerToken = true,
};
var rounds = new Option<int>("--rounds") { Description = "Rounds; in each, the libraries run in turn.", DefaultValueFactory = _ => 15 };
var output = new Option<string>("--output") { Description = "The folder for benchmark.md and benchmark.json.", DefaultValueFactory = _ => Path.Combine("artifacts", "benchmarks") };
var against = new Option<string>("--against") { Description = "The other library: libtorch, or onnxruntime (products and inference only).", DefaultValueFactory = _ => "libtorch" };
against.AcceptOnlyFromAmong("libtorch", "onnxruntime");
var noPeers = new Option<bool>("--no-peers") { Description = "Run each work once on Cresset alone; nothing is timed or written." };
foreach (var positive in (Option<int>[])[threads, rounds])
    positive.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() < 1) result.AddError($"{positive.Name}: expected at least 1");
    });

var root = new RootCommand("Cresset against LibTorch or ONNX Runtime: the same works, weights and data, in turn, at equal threads.") { threads, filter, rounds, against, output, noPeers };
root.SetAction(options =>
{
    var wanted = options.GetValue(filter) ?? [];
    var works = Works.All.Where(work => wanted.Length == 0 || wanted.Any(text =>
        work.Group.Contains(text, StringComparison.OrdinalIgnoreCase) || work.Name.Contains(text, StringComparison.OrdinalIgnoreCase))).ToList();
    if (works.Count == 0)
    {
        Console.Error.WriteLine($"no work's group or name holds {string.Join(" or ", wanted)}; there are:\n{string.Join("\n", Works.All.Select(work => work.Name))}");
        return 2;
    }
    return options.GetValue(noPeers)
        ? RunOnce(works, options.GetValue(threads))
        : Compare(works, options.GetValue(threads), options.GetValue(rounds), options.GetValue(against)!, options.GetValue(output)!);
});
return root.Parse(args).Invoke();

static int RunOnce(IReadOnlyList<Work> works, int threads)
{
    var library = new CressetLibrary();
    foreach (var work in works)
    {
        using var run = library.Prepare(work, threads);
        foreach (var result in run.Results())
            if (!result.Values.All(double.IsFinite))
                throw new InvalidOperationException($"{work.Name}: {result.Name} holds values that are not finite");
        Console.WriteLine($"{work.Name}: ran");
    }
    return 0;
}

static int Compare(IReadOnlyList<Work> works, int threads, int rounds, string against, string output)
{
#if PEERS
    var onnxRuntime = against == "onnxruntime";
    if (onnxRuntime && (works = [.. works.Where(OnnxRuntimeLibrary.Has)]).Count == 0)
    {
        Console.Error.WriteLine("ONNX Runtime has none of these works: it runs products and inference");
        return 2;
    }
    ILibrary other = onnxRuntime ? new OnnxRuntimeLibrary() : new LibTorchLibrary(TorchSharp.torch.float32);
    var report = new Report(other.Name, threads, rounds);
    var status = 0;
    foreach (var work in works)
        try
        {
            report.Add(Measurement.Of(work, new CressetLibrary(), other, new LibTorchLibrary(TorchSharp.torch.float64), threads, rounds));
        }
        catch (InvalidOperationException e)
        {
            // Wrong results of one work say nothing against the others' times.
            Console.Error.WriteLine(e.Message);
            status = 1;
        }
    report.PrintMeans();
    report.Save(output);
    return status;
#else
    Console.Error.WriteLine($"built without other libraries (Peers=false), so that {works.Count} works cannot be compared with {against} at {threads} threads over {rounds} rounds into {output}; give --no-peers to run them once");
    return 2;
#endif
}
