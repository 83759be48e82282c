namespace Cresset.Data;

/// <summary>A file of a data set as its makers published it. What is known of it is checked after a download.</summary>
/// <param name="Name">The file's plain name, without a folder.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Md5">
/// Its MD5 in hexadecimal, where that is what was published; guards against damage, not against forgery.
/// </param>
/// <param name="Sha256">Its SHA-256 in hexadecimal, where published.</param>
public sealed record DatasetFile(string Name, long Size, string? Md5 = null, string? Sha256 = null);

/// <summary>A data set that can be downloaded: its files and the public homes that serve them.</summary>
/// <param name="Name">Its name, which is that of its folder as well.</param>
/// <param name="Files">Its files.</param>
/// <param name="Mirrors">Web folders (https, ending with a slash), tried in this order for each file.</param>
public sealed record DatasetDefinition(string Name, IReadOnlyList<DatasetFile> Files, IReadOnlyList<Uri> Mirrors);

/// <summary>How far a download is.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Bytes">How much of it has come.</param>
/// <param name="Total">Its size.</param>
public readonly record struct DownloadProgress(string File, long Bytes, long Total);
