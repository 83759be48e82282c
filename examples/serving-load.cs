// Asks a service of examples/Serving again and again, over as many connections as told, and prints throughput and latency:
//
//   dotnet run examples/serving-load.cs URL PICTURE CONNECTIONS REQUESTS
//
// Each connection sends its next request when the answer to the one before is there. Only a service on this machine is asked.
#:property PublishAot=false
using System.Diagnostics;
using System.Globalization;
using System.Net;

if (args.Length != 4 || !Uri.TryCreate(args[0], UriKind.Absolute, out var url) || !File.Exists(args[1])
    || !int.TryParse(args[2], out var connections) || !int.TryParse(args[3], out var requests) || connections < 1 || requests < connections)
{
    Console.Error.WriteLine("usage: serving-load.cs URL PICTURE CONNECTIONS REQUESTS   (such as http://localhost:5000/predict seven.png 32 5000)");
    return 2;
}
if (!url.IsLoopback)
{
    Console.Error.WriteLine($"expected the address of a service on this machine, such as http://localhost:5000/predict, got {url}");
    return 2;
}
var picture = File.ReadAllBytes(args[1]);
using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections }) { Timeout = TimeSpan.FromSeconds(30) };
await Run(Math.Min(requests, 50 * connections)); // What the JIT compiles later than this is not worth much.
var (times, statuses, seconds) = await Run(requests);
Array.Sort(times);
string Quantile(double q) => times[Math.Min((int)(q * times.Length), times.Length - 1)].TotalMilliseconds.ToString("F1", CultureInfo.InvariantCulture);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{connections} connections, {requests} requests: {requests / seconds:F0} a second; latency in ms: median {Quantile(0.5)}, 95 % {Quantile(0.95)}, 99 % {Quantile(0.99)}"));
foreach (var status in statuses.GroupBy(status => status)) Console.WriteLine($"  {(int)status.Key} {status.Key}: {status.Count()}");
return 0;

async Task<(TimeSpan[] Times, HttpStatusCode[] Statuses, double Seconds)> Run(int count)
{
    var times = new TimeSpan[count];
    var statuses = new HttpStatusCode[count];
    var next = -1;
    var watch = Stopwatch.StartNew();
    await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
    {
        for (int i; (i = Interlocked.Increment(ref next)) < count;)
        {
            var start = Stopwatch.GetTimestamp();
            using var body = new ByteArrayContent(picture);
            using var answer = await client.PostAsync(url, body);
            statuses[i] = answer.StatusCode;
            times[i] = Stopwatch.GetElapsedTime(start);
        }
    })));
    return (times, statuses, watch.Elapsed.TotalSeconds);
}
