using Cresset.Serialization;

namespace Cresset.Nn;

/// <summary>What of a checkpoint belongs to a model.</summary>
public static class CheckpointStates
{
    extension(TorchCheckpointFile checkpoint)
    {
        /// <summary>The tensors below the path under which a model's names lie, without it, wherever that is: in
        /// <c>checkpoint["state_dict"]</c>, behind <c>module.</c>, or at the top. Names beside the model's are among them, so that
        /// <see cref="Module.LoadStateDict"/> tells of what does not fit.</summary>
        /// <param name="model">The model.</param>
        /// <exception cref="ArgumentException">The model's names lie nowhere, or at several places, such as those of averaged weights; the
        /// message says where: take <see cref="TorchCheckpointFile.StateDict"/> then.</exception>
        public OrderedDictionary<string, Tensor> StateDictFor(Module model)
        {
            ArgumentNullException.ThrowIfNull(model);
            string[] names = [.. model.StateDict().Keys.Where(name => !Module.MayBeMissing(name))];
            var first = names.FirstOrDefault() ?? throw new ArgumentException("StateDictFor: expected a model with parameters, got one without");
            var tensors = checkpoint.Tensors;
            string[] paths = [.. tensors.Keys.Where(name => name == first || name.EndsWith($".{first}", StringComparison.Ordinal))
                .Select(name => name[..Math.Max(0, name.Length - first.Length - 1)])
                .Where(path => names.All(name => tensors.ContainsKey(path.Length == 0 ? name : $"{path}.{name}")))];
            return paths.Length == 1 ? checkpoint.StateDict(paths[0])
                : throw new ArgumentException(paths.Length == 0
                    ? $"StateDictFor: expected the {names.Length} tensors of the {model.GetType().Name}, such as \"{first}\", at one place of the checkpoint, got none with all of them; {checkpoint.Some}"
                    : $"StateDictFor: the checkpoint has the tensors of the {model.GetType().Name} at several places: {string.Join(", ", paths.Select(path => $"\"{path}\""))}; take one by StateDict(path)");
        }
    }
}
