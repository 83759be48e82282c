using Cresset.Cli.Inputs;
using Cresset.Nn;
using Cresset.Onnx;
using Cresset.Serialization;

namespace Cresset.Cli;

/// <summary>A trained network with what belongs to it.</summary>
sealed record SavedModel(Module Network, ModelCard Card)
{
    /// <summary>Writes weights and card into one safetensors file, safely.</summary>
    public void Save(string path) => Network.Save(path, Card.ToMetadata());

    /// <summary>Reads a run folder, a model file, or an ONNX file of `cresset export` or `cresset import`.</summary>
    /// <exception cref="CommandException">It is not there, is no model of `cresset train`, or its weights do not fit.</exception>
    public static SavedModel Load(string path)
    {
        var file = ModelCard.FileOf(path);
        if (file.EndsWith(ExportCommand.OnnxEnding, StringComparison.OrdinalIgnoreCase))
        {
            var onnx = OnnxModel.Load(file);
            if (!ModelCard.IsIn(onnx.Metadata)) throw new CommandException($"{file}: an ONNX file that tells no classes; `cresset import {file} --data ...` makes one that does.");
            return OfOnnx(onnx, ModelCard.FromMetadata(file, onnx.Metadata), file);
        }
        var content = SafeTensors.Load(file);
        var card = ModelCard.FromMetadata(file, content.Metadata);
        var choice = Models.All.FirstOrDefault(m => m.Name == card.Model) ?? throw new CommandException(
            $"{file}: it holds the model '{card.Model}', expected one of: {Models.Names}.");
        var network = Create(choice, card, file);
        try
        {
            network.LoadStateDict(content.Tensors);
        }
        catch (ArgumentException e)
        {
            throw new CommandException($"{file}: its weights are not those of the model {card.Model} for {card.Classes.Count} classes: {e.Message}", cause: e);
        }
        network.Eval();
        return new SavedModel(network, card);
    }

    /// <summary>A network of an ONNX file with a card, which has to fit it.</summary>
    /// <exception cref="CommandException">It takes other inputs, or gives other outputs than a number for each class.</exception>
    public static SavedModel OfOnnx(OnnxModel network, ModelCard card, string file)
    {
        network.Eval();
        using var mode = Autograd.NoGrad();
        Tensor logits;
        try
        {
            // A file may ask for any sizes when it runs.
            using var limit = MemoryPool.Limit(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);
            logits = network.Forward(card.Input.Example());
        }
        catch (Exception e) when (e is ArgumentException or InsufficientMemoryException)
        {
            throw new CommandException($"{file}: it does not compute anything of {card.Input.Unit}, {card.Input.Example().Shape}: {e.Message}", cause: e);
        }
        // Of sentences and texts, for each place.
        var rank = card.Input.Kind is InputKind.Sentences or InputKind.Text ? 3 : 2;
        if (logits.Rank != rank || logits.Size(0) != 1 || logits.Size(-1) != card.Classes.Count)
            throw new CommandException($"{file}: expected one number for each of the {card.Classes.Count} classes of {card.Data}, got {logits.Shape}.");
        return new SavedModel(network, card);
    }

    // Some initialisers draw in double before they write.
    const long InitialiserShare = 16;

    // What networks have beside their weights, such as encodings of places.
    const long TablesOfNetworks = 1 << 24;

    // The weights of a network are in its file: a damaged card that tells large sizes gets no memory for them.
    static Module Create(ModelChoice choice, ModelCard card, string file)
    {
        try
        {
            using var limit = MemoryPool.Limit((InitialiserShare * new FileInfo(file).Length) + TablesOfNetworks);
            return choice.Create(card.Input, card.Classes.Count, file);
        }
        catch (Exception e) when (e is InsufficientMemoryException or ArgumentException)
        {
            throw new CommandException($"{file}: its metadata tell of a network {card.Model} that is larger than the file: the file is damaged.", cause: e);
        }
    }
}
