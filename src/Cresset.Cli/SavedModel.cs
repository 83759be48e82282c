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
            onnx.Eval();
            return new SavedModel(onnx, ModelCard.FromMetadata(file, onnx.Metadata));
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

    // What networks have beside their weights, such as encodings of places.
    const long TablesOfNetworks = 1 << 24;

    // The weights of a network are in its file: a damaged card that tells large sizes gets no memory for them.
    static Module Create(ModelChoice choice, ModelCard card, string file)
    {
        try
        {
            using var limit = MemoryPool.Limit((4 * new FileInfo(file).Length) + TablesOfNetworks);
            return choice.Create(card.Input, card.Classes.Count, file);
        }
        catch (Exception e) when (e is InsufficientMemoryException or ArgumentException)
        {
            throw new CommandException($"{file}: its metadata tell of a network {card.Model} that is larger than the file: the file is damaged.", cause: e);
        }
    }
}
