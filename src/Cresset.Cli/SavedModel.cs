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
        var network = choice.Create(card.Input, card.Classes.Count, file);
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
}
