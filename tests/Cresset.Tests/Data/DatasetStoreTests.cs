using System.Net;
using System.Net.Sockets;
using System.Text;
using Cresset.Data;
using Xunit;

namespace Cresset.Tests.Data;

public class DatasetStoreTests
{
    // Checksums of "hello" by md5sum and sha256sum.
    private static readonly DatasetDefinition s_hello = new(
        "greetings",
        [
            new DatasetFile("a.txt.gz", 5, Md5: "5d41402abc4b2a76b9719d911017c592"),
            new DatasetFile("b.txt", 5, Sha256: "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824"),
        ],
        [new Uri("https://one.example/data/"), new Uri("https://two.example/data/")]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static HttpResponseMessage Answer(string body) => new(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.ASCII) };

    private static Task<string> Ensure(TempFolder folder, FakeServer server, IProgress<DownloadProgress>? progress = null) =>
        new DatasetStore(folder.Path, server).EnsureAsync(s_hello, progress, Token);

    private static string[] Entries(TempFolder folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).Select(p => Path.GetRelativePath(folder.Path, p)).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Downloads_what_is_missing_and_reports_progress()
    {
        using var folder = new TempFolder();
        var server = new FakeServer(_ => Answer("hello"));
        var progress = new Recorder();
        string path = await Ensure(folder, server, progress);
        Assert.Equal(Path.Combine(folder.Path, "greetings"), path);
        Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(path, "a.txt.gz"), Token));
        Assert.Equal(["greetings", "greetings/a.txt.gz", "greetings/b.txt"], Entries(folder));
        Assert.Equal(["https://one.example/data/a.txt.gz", "https://one.example/data/b.txt"], server.Requests);
        Assert.Equal(
            [new("a.txt.gz", 0, 5), new("a.txt.gz", 5, 5), new("b.txt", 0, 5), new("b.txt", 5, 5)], progress.Reports);
    }

    [Fact]
    public async Task Uses_what_is_there_as_it_is_without_a_checksum_or_a_request()
    {
        using var folder = new TempFolder();
        folder.Write("greetings/a.txt", "put there by hand, and not compressed"u8.ToArray());
        folder.Write("greetings/b.txt", "another order"u8.ToArray());
        var server = new FakeServer(_ => throw new InvalidOperationException("no request expected"));
        await Ensure(folder, server);
        Assert.Equal("another order", await File.ReadAllTextAsync(folder["greetings/b.txt"], Token));
        Assert.Empty(server.Requests);
        Assert.Empty(new DatasetStore(folder.Path).MissingFiles(s_hello));
    }

    [Fact]
    public void The_waiting_form_does_the_same()
    {
        using var folder = new TempFolder();
        folder.Write("greetings/b.txt", [1]);
        var server = new FakeServer(_ => Answer("hello"));
        string path = new DatasetStore(folder.Path, server).Ensure(s_hello, cancellation: Token);
        Assert.Equal(["https://one.example/data/a.txt.gz"], server.Requests);
        Assert.Equal("hello", File.ReadAllText(Path.Combine(path, "a.txt.gz")));
    }

    [Fact]
    public async Task Goes_to_the_next_mirror_on_an_error_a_wrong_size_and_a_wrong_checksum()
    {
        foreach (Func<HttpResponseMessage> bad in new Func<HttpResponseMessage>[]
        {
            () => new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new StringContent("hello") },
            () => Answer("HELLO"), () => Answer("hell"), () => Answer("hello, world"), () => Answer(""),
            () => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new BrokenStream(() => throw new IOException("connection reset"))) },
            () => throw new HttpRequestException("name not known"),
        })
        {
            using var folder = new TempFolder();
            var server = new FakeServer(url => url.Host == "one.example" ? bad() : Answer("hello"));
            await Ensure(folder, server);
            Assert.Equal(4, server.Requests.Count);
            Assert.Equal(["greetings", "greetings/a.txt.gz", "greetings/b.txt"], Entries(folder));
            Assert.Equal("hello", await File.ReadAllTextAsync(folder["greetings/a.txt.gz"], Token));
        }
    }

    [Fact]
    public async Task A_wrong_checksum_everywhere_is_told_and_leaves_nothing()
    {
        using var folder = new TempFolder();
        var e = await Assert.ThrowsAsync<IOException>(() => Ensure(folder, new FakeServer(_ => Answer("HELLO"))));
        // md5sum of "HELLO".
        Assert.Contains("expected MD5 5d41402abc4b2a76b9719d911017c592, got eb61eead90e3b899c6bcbe27ac581660", e.Message, StringComparison.Ordinal);
        Assert.Empty(Entries(folder));
    }

    [Fact]
    public async Task A_wrong_sha256_is_told_and_keeps_the_file_that_was_right()
    {
        using var folder = new TempFolder();
        var server = new FakeServer(url => Answer(url.AbsolutePath.EndsWith("b.txt", StringComparison.Ordinal) ? "HELLO" : "hello"));
        var e = await Assert.ThrowsAsync<IOException>(() => Ensure(folder, server));
        Assert.Contains("expected SHA-256 2CF24DBA", e.Message, StringComparison.Ordinal);
        Assert.Contains("Missing: b.txt.", e.Message, StringComparison.Ordinal);
        Assert.Equal(["greetings", "greetings/a.txt.gz"], Entries(folder));
    }

    [Fact]
    public async Task Without_a_network_the_error_names_files_addresses_and_folder()
    {
        using var folder = new TempFolder();
        var e = await Assert.ThrowsAsync<IOException>(
            () => Ensure(folder, new FakeServer(_ => throw new HttpRequestException("No such host is known."))));
        foreach (string part in new[]
        {
            "greetings", "https://one.example/data/a.txt.gz: No such host is known.", "https://two.example/data/a.txt.gz",
            "Missing: a.txt.gz, b.txt", $"put them into {Path.Combine(folder.Path, "greetings")}", "CRESSET_DATA",
        })
            Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.Empty(Entries(folder));
    }

    [Fact]
    public async Task The_systems_own_client_refused_by_every_mirror_gives_the_same_error()
    {
        using var folder = new TempFolder();
        // Nothing listens on port 1.
        DatasetDefinition refused = s_hello with { Mirrors = [new Uri("https://127.0.0.1:1/data/")] };
        var e = await Assert.ThrowsAsync<IOException>(() => new DatasetStore(folder.Path).EnsureAsync(refused, null, Token));
        Assert.Contains("https://127.0.0.1:1/data/a.txt.gz: ", e.Message, StringComparison.Ordinal);
        Assert.Contains("Missing: a.txt.gz, b.txt", e.Message, StringComparison.Ordinal);
        Assert.Empty(Entries(folder));
    }

    [Fact]
    public async Task Over_a_real_connection_a_body_cut_short_sends_it_to_the_next_mirror()
    {
        using var folder = new TempFolder();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task serving = Serve(listener, connections: 4);
        string root = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";
        DatasetDefinition local = s_hello with { Mirrors = [new Uri(root + "cut/"), new Uri(root + "whole/")] };
        await new DatasetStore(folder.Path).EnsureAsync(local, null, Token);
        await serving;
        Assert.Equal(["greetings", "greetings/a.txt.gz", "greetings/b.txt"], Entries(folder));
        Assert.Equal("hello", await File.ReadAllTextAsync(folder["greetings/b.txt"], Token));
    }

    /// <summary>Answers one request a connection: promises five bytes and sends three of them for paths below /cut/.</summary>
    private static async Task Serve(TcpListener listener, int connections)
    {
        for (int i = 0; i < connections; i++)
        {
            using TcpClient client = await listener.AcceptTcpClientAsync(Token);
            await using NetworkStream stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            string request = (await reader.ReadLineAsync(Token))!;
            while (await reader.ReadLineAsync(Token) is { Length: > 0 })
            {
            }
            string body = request.Contains("/cut/", StringComparison.Ordinal) ? "hel" : "hello";
            string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n" + body;
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), Token);
        }
    }

    [Fact]
    public async Task Cancelled_midway_nothing_remains()
    {
        using var folder = new TempFolder();
        using var cancel = new CancellationTokenSource();
        int reads = 0;
        var body = new BrokenStream(() =>
        {
            if (++reads == 2)
                cancel.Cancel();
            return 1;
        });
        var server = new FakeServer(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) });
        var store = new DatasetStore(Path.Combine(folder.Path, "new", "deep"), server);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.EnsureAsync(s_hello, null, cancel.Token));
        Assert.True(reads >= 2);
        Assert.Single(server.Requests);
        Assert.Empty(Entries(folder));
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_given_up()
    {
        using var folder = new TempFolder();
        var server = new FakeServer(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new SilentStream()) });
        var store = new DatasetStore(folder.Path, server) { Patience = TimeSpan.FromMilliseconds(30) };
        var e = await Assert.ThrowsAsync<IOException>(() => store.EnsureAsync(s_hello, null, Token));
        Assert.Contains("https://two.example/data/a.txt.gz: the server sent nothing for", e.Message, StringComparison.Ordinal);
        Assert.Empty(Entries(folder));
    }

    [Theory]
    [InlineData("../up", "a", "https://x.example/")]
    [InlineData("ok", "../a", "https://x.example/")]
    [InlineData("ok", "c:a", "https://x.example/")]
    [InlineData("ok", "a", "http://x.example/")]
    [InlineData("ok", "a", "https://x.example/no-slash")]
    public async Task Rejects_names_with_folders_and_unsafe_mirrors(string name, string file, string mirror)
    {
        using var folder = new TempFolder();
        var definition = new DatasetDefinition(name, [new DatasetFile(file, 1, Md5: "00")], [new Uri(mirror)]);
        await Assert.ThrowsAsync<ArgumentException>(() => new DatasetStore(folder.Path).EnsureAsync(definition, null, Token));
    }

    [Fact]
    public async Task Rejects_a_file_without_a_checksum()
    {
        var definition = new DatasetDefinition("x", [new DatasetFile("a", 1)], [new Uri("https://x.example/")]);
        var e = await Assert.ThrowsAsync<ArgumentException>(() => new DatasetStore("unused").EnsureAsync(definition, null, Token));
        Assert.Contains("a has neither an MD5 nor a SHA-256", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_folder_is_the_variables_else_the_users_cache()
    {
        var variables = new Dictionary<string, string> { ["CRESSET_DATA"] = "/data/sets", ["XDG_CACHE_HOME"] = "/var/xdg" };
        Assert.Equal("/data/sets", DatasetStore.DefaultRoot(variables.GetValueOrDefault));
        variables["CRESSET_DATA"] = "";
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal("/var/xdg/cresset", DatasetStore.DefaultRoot(variables.GetValueOrDefault));
            variables["XDG_CACHE_HOME"] = "relative";
            Assert.Equal(Path.Combine(home, ".cache", "cresset"), DatasetStore.DefaultRoot(variables.GetValueOrDefault));
        }
        Assert.Equal(Path.GetFullPath("given"), new DatasetStore("given").Root);
    }

    private sealed class FakeServer(Func<Uri, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public List<string> Requests { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add(request.RequestUri!.AbsoluteUri);
            return Task.FromResult(answer(request.RequestUri));
        }
    }

    private sealed class Recorder : IProgress<DownloadProgress>
    {
        public List<DownloadProgress> Reports { get; } = [];

        public void Report(DownloadProgress value) => Reports.Add(value);
    }

    /// <summary>A body whose every read is a delegate's: how many bytes came, or an exception.</summary>
    private class BrokenStream(Func<int> read) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => 0; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => read();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = read();
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult(count);
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class SilentStream() : BrokenStream(() => 0)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
