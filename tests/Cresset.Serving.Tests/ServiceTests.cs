using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Cresset.Cli;
using Cresset.Examples.Serving;
using Cresset.Tests;
using Cresset.Vision;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Options;
using Xunit;

namespace Cresset.Serving.Tests;

/// <summary>A model that `cresset train` made, some pictures, and what `cresset predict` says of them.</summary>
public sealed class TrainedModel : IDisposable
{
    readonly TempFolder temp = new();

    public TrainedModel()
    {
        Run("train", "--train-count", "300", "--test-count", "50", "--epochs", "1", "--quiet", "--output", temp["runs"]);
        Folder = Directory.GetDirectories(temp["runs"]).Single();
        var digits = DrawnDigits.Draw(8, 5);
        Files = [.. Enumerable.Range(0, 8).Select(i => temp.Write($"{i}.png", ImageFile.EncodePng(new ImagePixels(digits[i].ToArray(), 1, 28, 28))))];
        Expected = [.. JsonDocument.Parse(Run(["predict", "--model", Folder, "--top", "10", "--json", .. Files])).RootElement.EnumerateArray()
            .Select(p => p.GetProperty("classes").EnumerateArray().ToDictionary(c => c.GetProperty("class").GetString()!, c => c.GetProperty("probability").GetDouble()))];
    }

    public string Folder { get; }

    public string[] Files { get; }

    public Dictionary<string, double>[] Expected { get; }

    static string Run(params string[] args)
    {
        using StringWriter output = new(), error = new();
        Assert.True(CressetCommand.Run(args, output, error, isTerminal: false, CancellationToken.None) == 0, error.ToString());
        return output.ToString();
    }

    public void Dispose() => temp.Dispose();
}

public sealed class ServiceTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    WebApplicationFactory<ModelOptions> Start(params (string Option, string Value)[] options) => new WebApplicationFactory<ModelOptions>().WithWebHostBuilder(host =>
    {
        host.UseSetting("Model:Path", model.Folder);
        foreach (var (option, value) in options) host.UseSetting($"Model:{option}", value);
    });

    static async Task<HttpResponseMessage> Post(HttpClient client, byte[] body, string query = "")
    {
        using var content = new ByteArrayContent(body);
        return await client.PostAsync(new Uri($"/predict{query}", UriKind.Relative), content, Stop);
    }

    static async Task<string> Detail(HttpResponseMessage response) => (await response.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("detail").GetString()!;

    void Matches(int picture, JsonElement answer)
    {
        var classes = answer.GetProperty("classes").EnumerateArray().ToList();
        Assert.Equal(10, classes.Count);
        Assert.Equal(classes.Select(c => c.GetProperty("probability").GetDouble()).OrderDescending(), classes.Select(c => c.GetProperty("probability").GetDouble()));
        foreach (var entry in classes)
            Assert.Equal(model.Expected[picture][entry.GetProperty("class").GetString()!], entry.GetProperty("probability").GetDouble(), 1e-5);
    }

    [Fact]
    public async Task Answers_are_those_of_the_command_also_when_many_ask_at_once()
    {
        await using var service = Start();
        using var client = service.CreateClient();
        var bodies = model.Files.Select(File.ReadAllBytes).ToArray();
        for (var i = 0; i < bodies.Length; i++)
        {
            using var alone = await Post(client, bodies[i], "?top=10");
            Assert.Equal(HttpStatusCode.OK, alone.StatusCode);
            Matches(i, await alone.Content.ReadFromJsonAsync<JsonElement>(Stop));
        }
        var many = await Task.WhenAll(Enumerable.Range(0, 200).Select(async n =>
        {
            using var response = await Post(client, bodies[n % 8], "?top=10");
            return (n % 8, await response.Content.ReadFromJsonAsync<JsonElement>(Stop));
        }));
        foreach (var (picture, answer) in many) Matches(picture, answer);
        using var usual = await Post(client, bodies[0]);
        Assert.Equal(3, (await usual.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("classes").GetArrayLength());
    }

    [Fact]
    public async Task Bad_requests_are_told_what_was_expected()
    {
        await using var service = Start(("MaxRequestBytes", "5000"), ("MaxPixels", "1000"));
        using var client = service.CreateClient();
        using var broken = await Post(client, [1, 2, 3]);
        Assert.Equal(HttpStatusCode.BadRequest, broken.StatusCode);
        Assert.Contains("expected a picture", await Detail(broken), StringComparison.Ordinal);
        using var empty = await Post(client, []);
        Assert.Equal(HttpStatusCode.BadRequest, empty.StatusCode);
        using var top = await Post(client, File.ReadAllBytes(model.Files[0]), "?top=no");
        Assert.Equal(HttpStatusCode.BadRequest, top.StatusCode);
        Assert.Contains("top: expected a whole number", await Detail(top), StringComparison.Ordinal);
        using var large = await Post(client, new byte[5001]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.Contains("at most 5000 bytes", await Detail(large), StringComparison.Ordinal);
        // A small file that unpacks to many pixels.
        using var pixels = await Post(client, ImageFile.EncodePng(new ImagePixels(new byte[40 * 40], 1, 40, 40)));
        Assert.Equal(HttpStatusCode.BadRequest, pixels.StatusCode);
        Assert.Contains("at most 1000 pixels, got 40x40", await Detail(pixels), StringComparison.Ordinal);
        using var get = await client.GetAsync(new Uri("/predict", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
    }

    [Fact]
    public async Task Health_and_metrics_tell_how_it_is()
    {
        await using var service = Start();
        using var client = service.CreateClient();
        foreach (var page in new[] { "/health/live", "/health/ready" })
            Assert.Equal("Healthy", await client.GetStringAsync(new Uri(page, UriKind.Relative), Stop));
        for (var i = 0; i < 3; i++) (await Post(client, File.ReadAllBytes(model.Files[i]))).Dispose();
        var metrics = (await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), Stop)).Split('\n');
        Assert.Contains(metrics, line => line.StartsWith("cresset_serving_batch_size_sum", StringComparison.Ordinal) && line.TrimEnd().EndsWith(" 3", StringComparison.Ordinal));
        Assert.Contains(metrics, line => line.StartsWith("cresset_serving_queued", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Path", "no/such/model", "there is no no/such/model")]
    [InlineData("MaxBatchSize", "0", "Model:MaxBatchSize: expected a number from 1 to 1024, got 0")]
    [InlineData("MaxDelay", "1:00:00", "Model:MaxDelay: expected a time")]
    public async Task Options_that_make_no_sense_end_the_start(string option, string value, string message)
    {
        // Not through WebApplicationFactory: it looks into the host's services while the program, on a thread of its own, fails and
        // disposes of them, so that now the one and now the other error came out.
        await using var app = Service.Build(["--urls=http://127.0.0.1:0", $"--Model:Path={model.Folder}", $"--Model:{option}={value}"]);
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync(Stop));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
