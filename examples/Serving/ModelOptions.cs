using Microsoft.Extensions.Options;

namespace Cresset.Examples.Serving;

/// <summary>How a model is served: the section "Model" of the configuration.</summary>
sealed class ModelOptions
{
    /// <summary>The model: a run folder of `cresset train`, or its model.safetensors.</summary>
    public string Path { get; set; } = "";

    /// <summary>The most requests that one forward pass answers.</summary>
    public int MaxBatchSize { get; set; } = 32;

    /// <summary>How long the first request of a batch waits for others. Zero, the default: only what came while the pass before was
    /// computed goes together, and nobody waits for company.</summary>
    public TimeSpan MaxDelay { get; set; }

    /// <summary>How many requests may wait; those beyond are told to come back.</summary>
    public int QueueLength { get; set; } = 256;

    /// <summary>The longest body of a request.</summary>
    public int MaxRequestBytes { get; set; } = 1 << 20;

    /// <summary>The most pixels of a picture: a small file can unpack to a large one.</summary>
    public int MaxPixels { get; set; } = 4_000_000;
}

/// <summary>Says at the start what is wrong with the options, not at the first request.</summary>
sealed class ModelOptionsValidator : IValidateOptions<ModelOptions>
{
    // Kestrel's own limit of a body.
    const int MostBytes = 30_000_000;

    public ValidateOptionsResult Validate(string? name, ModelOptions options)
    {
        var wrong = new ValidateOptionsResultBuilder();
        if (options.Path.Length == 0) wrong.AddError("Model:Path: expected a run folder of `cresset train` or its model.safetensors, got nothing; start with --Model:Path=PATH");
        else if (!System.IO.Path.Exists(options.Path)) wrong.AddError($"Model:Path: there is no {options.Path}");
        Require("MaxBatchSize", options.MaxBatchSize, 1, 1024);
        Require("QueueLength", options.QueueLength, 1, 1_000_000);
        Require("MaxRequestBytes", options.MaxRequestBytes, 1, MostBytes);
        Require("MaxPixels", options.MaxPixels, 1, Vision.ImageFile.MaxPixels);
        if (options.MaxDelay < TimeSpan.Zero || options.MaxDelay > TimeSpan.FromMinutes(1))
            wrong.AddError($"Model:MaxDelay: expected a time from 00:00:00 to 00:01:00, got {options.MaxDelay}");
        return wrong.Build();

        void Require(string option, int value, int least, int most)
        {
            if (value < least || value > most) wrong.AddError($"Model:{option}: expected a number from {least} to {most}, got {value}");
        }
    }
}
