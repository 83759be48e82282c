using System.Net;
using System.Security.Cryptography;

namespace Cresset.Data;

/// <summary>
/// The folder where data sets lie, one subfolder each, and the download of those that are missing. The folder is the
/// one given, else that of the environment variable CRESSET_DATA, else the subfolder cresset of the user's cache folder
/// (XDG_CACHE_HOME or ~/.cache on Linux, LocalApplicationData on Windows, ~/Library/Caches on macOS).
/// </summary>
public sealed class DatasetStore
{
    /// <summary>The environment variable that names the folder: CRESSET_DATA.</summary>
    public const string EnvironmentVariable = "CRESSET_DATA";

    private readonly HttpMessageHandler? _handler;

    /// <summary>Names the folder; nothing is created before a download.</summary>
    /// <param name="directory">The folder; null or empty for CRESSET_DATA, else the user's cache folder.</param>
    /// <param name="handler">
    /// Sends the requests, for proxies of one's own and for tests; null for the system's. Not disposed of.
    /// </param>
    public DatasetStore(string? directory = null, HttpMessageHandler? handler = null)
    {
        Root = Path.GetFullPath(
            string.IsNullOrEmpty(directory) ? DefaultRoot(Environment.GetEnvironmentVariable) : directory);
        _handler = handler;
    }

    /// <summary>The folder that holds the data sets' folders, as a full path.</summary>
    public string Root { get; }

    /// <summary>
    /// A server that sends nothing for this long has failed; a slow one that keeps sending is waited for.
    /// </summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The folder of one data set, whether it is there or not.</summary>
    /// <exception cref="ArgumentException">The name is not that of a plain folder.</exception>
    public string FolderOf(string name)
    {
        RequirePlainName(name, nameof(name));
        return Path.Combine(Root, name);
    }

    /// <summary>
    /// Makes sure that a data set's files are there. One that is there is used as it is (X serves for X.gz as well); a
    /// missing one is downloaded to a temporary name, checked against its published size and checksum, then renamed.
    /// Whatever fails leaves nothing behind.
    /// </summary>
    /// <param name="dataset">Which data set.</param>
    /// <param name="progress">
    /// Told of each file's progress, from a thread of the pool, about 50 times a file; null for none.
    /// </param>
    /// <param name="cancellation">Ends the download.</param>
    /// <returns>The data set's folder.</returns>
    /// <exception cref="IOException">
    /// A file came from no mirror: the message names the missing files, the addresses tried with what each said, and
    /// the folder where files got by other ways are to be put.
    /// </exception>
    /// <exception cref="OperationCanceledException">The download was cancelled.</exception>
    public async Task<string> EnsureAsync(
        DatasetDefinition dataset,
        IProgress<DownloadProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        CheckDefinition(dataset);
        string folder = FolderOf(dataset.Name);
        if (MissingFiles(dataset).Count == 0)
            return folder;

        string? created = FirstMissingFolder(folder);
        try
        {
            Directory.CreateDirectory(folder);
            using var client = _handler is null
                ? new HttpClient()
                : new HttpClient(_handler, disposeHandler: false);
            client.Timeout = Timeout.InfiniteTimeSpan; // Patience rules instead: it restarts with every byte that comes
            foreach (DatasetFile file in MissingFiles(dataset))
                await DownloadFromMirrorsAsync(client, dataset, file, folder, progress, cancellation);
        }
        catch (Exception e)
        {
            RemoveEmptyFolders(folder, created);
            if (e is UnauthorizedAccessException)
                throw new IOException(
                    $"Data set {dataset.Name}: its missing files cannot be written to {folder}: {e.Message} " +
                    $"Name another folder by the variable {EnvironmentVariable}.", e);
            throw;
        }
        return folder;
    }

    /// <summary>
    /// Makes sure that a data set's files are there, as <see cref="EnsureAsync"/> does, and waits for it.
    /// </summary>
    /// <param name="dataset">Which data set.</param>
    /// <param name="progress">Told of each file's progress; null for none.</param>
    /// <param name="cancellation">Ends the download.</param>
    /// <returns>The data set's folder.</returns>
    /// <exception cref="IOException">A file came from no mirror.</exception>
    public string Ensure(
        DatasetDefinition dataset,
        IProgress<DownloadProgress>? progress = null,
        CancellationToken cancellation = default) =>
        Task.Run(() => EnsureAsync(dataset, progress, cancellation), cancellation).GetAwaiter().GetResult();

    /// <summary>The files of a data set that are not in its folder.</summary>
    public IReadOnlyList<DatasetFile> MissingFiles(DatasetDefinition dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        string folder = FolderOf(dataset.Name);
        return [.. dataset.Files.Where(file => FindFile(folder, file.Name) is null)];
    }

    /// <summary>The path of X.gz or, where only that is there, of X; null where neither is.</summary>
    public static string? FindFile(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (File.Exists(path))
            return path;
        if (path.EndsWith(".gz", StringComparison.Ordinal) && File.Exists(path[..^3]))
            return path[..^3];
        return null;
    }

    internal static string DefaultRoot(Func<string, string?> environment)
    {
        if (environment(EnvironmentVariable) is { Length: > 0 } chosen)
            return chosen;
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (OperatingSystem.IsWindows())
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "cresset");
        if (OperatingSystem.IsMacOS())
            return Path.Combine(home, "Library", "Caches", "cresset");
        // The XDG rules say that a relative path there is to be ignored.
        string? cache = environment("XDG_CACHE_HOME");
        return Path.Combine(Path.IsPathRooted(cache) ? cache : Path.Combine(home, ".cache"), "cresset");
    }

    private async Task DownloadFromMirrorsAsync(
        HttpClient client, DatasetDefinition dataset, DatasetFile file, string folder,
        IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        var tried = new List<string>();
        var causes = new List<Exception>();
        foreach (Uri mirror in dataset.Mirrors)
        {
            var url = new Uri(mirror, file.Name);
            // Another process may download the same file at the same time: each has a temporary file of its own.
            string temporary = Path.Combine(folder, $".{file.Name}.{Guid.NewGuid():N}.part");
            try
            {
                await DownloadAsync(client, url, file, temporary, progress, cancellation);
                File.Move(temporary, Path.Combine(folder, file.Name), overwrite: true);
                return;
            }
            catch (Exception e)
                when (e is HttpRequestException or IOException or InvalidDataException or TimeoutException)
            {
                tried.Add($"  {url}: {e.Message}");
                causes.Add(e);
            }
            finally
            {
                File.Delete(temporary);
            }
        }
        IReadOnlyList<DatasetFile> missing = MissingFiles(dataset);
        throw new IOException(
            $"Data set {dataset.Name}: {file.Name} could not be downloaded. Tried:{Environment.NewLine}" +
            $"{string.Join(Environment.NewLine, tried)}{Environment.NewLine}" +
            $"Missing: {string.Join(", ", missing.Select(f => f.Name))}. Get the files by other ways and put them " +
            $"into {folder}, " +
            $"or name the folder above the one that holds them by the variable {EnvironmentVariable}.",
            new AggregateException(causes));
    }

    private async Task DownloadAsync(
        HttpClient client, Uri url, DatasetFile file, string temporary, IProgress<DownloadProgress>? progress,
        CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            using var response = await client.GetAsync(
                url, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new HttpRequestException(
                    $"the server answered {(int)response.StatusCode} {response.ReasonPhrase}");
            await using var body = await response.Content.ReadAsStreamAsync(patience.Token);
            await using var target = new FileStream(
                temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, useAsync: true);
            using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
            using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

            var buffer = new byte[1 << 16];
            long bytes = 0, step = Math.Max(1, file.Size / 50), next = step;
            progress?.Report(new DownloadProgress(file.Name, 0, file.Size));
            while (true)
            {
                patience.CancelAfter(Patience);
                int got = await body.ReadAsync(buffer, patience.Token);
                if (got == 0)
                    break;
                bytes += got;
                if (bytes > file.Size)
                    throw new InvalidDataException($"expected {file.Size} bytes, got more: not the published file");
                md5.AppendData(buffer, 0, got);
                sha256.AppendData(buffer, 0, got);
                await target.WriteAsync(buffer.AsMemory(0, got), cancellation);
                if (bytes < next && bytes < file.Size)
                    continue;
                next = bytes + step;
                progress?.Report(new DownloadProgress(file.Name, bytes, file.Size));
            }
            if (bytes != file.Size)
                throw new InvalidDataException(
                    $"expected {file.Size} bytes, got {bytes}: the download is incomplete or not the published file");
            CheckHash("MD5", file.Md5, md5);
            CheckHash("SHA-256", file.Sha256, sha256);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"the server sent nothing for {Patience.TotalSeconds} seconds");
        }
    }

    private static void CheckHash(string name, string? expected, IncrementalHash hash)
    {
        string actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (expected is not null && !expected.Equals(actual, StringComparison.OrdinalIgnoreCase))
            throw new InvalidDataException(
                $"expected {name} {expected}, got {actual}: the file is damaged or not the published one, and was " +
                "deleted");
    }

    private static void CheckDefinition(DatasetDefinition dataset)
    {
        foreach (DatasetFile file in dataset.Files)
        {
            RequirePlainName(file.Name, nameof(dataset));
            if (file.Md5 is null && file.Sha256 is null)
                throw new ArgumentException(
                    $"Data set {dataset.Name}: {file.Name} has neither an MD5 nor a SHA-256 to check it " +
                    "by.", nameof(dataset));
        }
        foreach (Uri mirror in dataset.Mirrors)
        {
            bool secure = mirror.IsAbsoluteUri && (mirror.Scheme == Uri.UriSchemeHttps || mirror.IsLoopback);
            if (!secure || !mirror.AbsolutePath.EndsWith('/'))
                throw new ArgumentException(
                    $"Data set {dataset.Name}: expected mirrors to be https addresses that end with a slash, got " +
                    $"{mirror}.", nameof(dataset));
        }
    }

    private static void RequirePlainName(string name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        if (name is "." or ".." || name.AsSpan().IndexOfAny("/\\:") >= 0)
            throw new ArgumentException($"Expected a plain name without a folder, got '{name}'.", parameter);
    }

    /// <summary>The topmost folder on the way to this one that is not there yet; null if all are.</summary>
    private static string? FirstMissingFolder(string folder)
    {
        string? missing = null;
        for (string? at = folder; at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
            missing = at;
        return missing;
    }

    /// <summary>Takes back the folders that were made for a download that failed, as far as they are empty.</summary>
    private static void RemoveEmptyFolders(string folder, string? topmost)
    {
        if (topmost is null)
            return;
        for (string? at = folder; at is not null && at.Length >= topmost.Length; at = Path.GetDirectoryName(at))
        {
            if (!Directory.Exists(at))
                continue;
            if (Directory.EnumerateFileSystemEntries(at).Any())
                return;
            Directory.Delete(at);
        }
    }
}
