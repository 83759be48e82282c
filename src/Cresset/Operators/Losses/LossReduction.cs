namespace Cresset;

/// <summary>What becomes of the losses of the elements.</summary>
public enum LossReduction
{
    /// <summary>They stay, each by itself.</summary>
    None,
    /// <summary>Their mean, weighted where there are weights.</summary>
    Mean,
    /// <summary>Their sum.</summary>
    Sum,
    /// <summary>Their sum divided by the number of samples N; for <c>KlDivLoss</c> alone, whose mathematical definition it is.</summary>
    BatchMean,
}
