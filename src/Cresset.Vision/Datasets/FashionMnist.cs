using Cresset.Data;

namespace Cresset.Vision;

/// <summary>
/// Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017, arXiv:1708.07747): 60,000 training and 10,000 test pictures of ten
/// kinds of clothing, 28x28 grey. PyTorch's torchvision.datasets.FashionMNIST.
/// </summary>
public static class FashionMnist
{
    /// <summary>The files, their published checksums and their homes.</summary>
    public static DatasetDefinition Definition { get; } = new(
        "fashion-mnist",
        [
            new DatasetFile("train-images-idx3-ubyte.gz", 26421880, Md5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            new DatasetFile("train-labels-idx1-ubyte.gz", 29515, Md5: "25c81989df183df01b3e8a0aad5dffbe"),
            new DatasetFile("t10k-images-idx3-ubyte.gz", 4422102, Md5: "bef4ecab320f06d8554ea6380940ec79"),
            new DatasetFile("t10k-labels-idx1-ubyte.gz", 5148, Md5: "bb300cfdad3c16e7a12a480ee83cd310"),
        ],
        [
            new Uri("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"),
            new Uri("https://storage.googleapis.com/tensorflow/tf-keras-datasets/"),
        ]);

    /// <summary>The names of the classes, by index.</summary>
    public static IReadOnlyList<string> Classes { get; } =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>
    /// Reads the training or the test part from a folder that holds the four files, compressed (.gz) or not.
    /// </summary>
    /// <param name="folder">The folder; <see cref="DatasetStore.EnsureAsync"/> returns it.</param>
    /// <param name="train">True for the training part, false for the test part.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">
    /// A file is not what it should be, or pictures and labels do not agree.
    /// </exception>
    public static LabelledImages Load(string folder, bool train) => Mnist.Load(folder, train, Definition, Classes);
}
