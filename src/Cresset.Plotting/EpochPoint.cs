namespace Cresset.Plotting;

/// <summary>What was measured in one epoch. A value that was not measured is NaN: its curve has a gap there.</summary>
/// <param name="Epoch">The number of the epoch, by custom from 1.</param>
/// <param name="TrainLoss">Mean loss on the training set.</param>
/// <param name="TrainAccuracy">Accuracy on the training set, 0 to 1.</param>
/// <param name="ValidationLoss">Mean loss on the validation set.</param>
/// <param name="ValidationAccuracy">Accuracy on the validation set, 0 to 1.</param>
public readonly record struct EpochPoint(
    int Epoch, double TrainLoss, double TrainAccuracy,
    double ValidationLoss = double.NaN, double ValidationAccuracy = double.NaN);
