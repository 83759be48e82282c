namespace Cresset.Vision;

/// <summary>
/// Each picture turned about its centre by an angle from -degrees to degrees. torchvision:
/// <c>transforms.RandomRotation</c>, without its option to enlarge the picture; its interpolation is nearest unless
/// told otherwise.
/// </summary>
public sealed class RandomRotation : RandomTransform
{
    private readonly double _degrees, _fill;
    private readonly Interpolation _interpolation;

    /// <summary>By up to so many degrees, either way.</summary>
    /// <param name="degrees">The largest angle, from 0.</param>
    /// <param name="interpolation">How the picture is read between pixels.</param>
    /// <param name="fill">What stands where the picture does not reach.</param>
    /// <param name="generator">Where random numbers come from; the default generator unless given.</param>
    /// <exception cref="ArgumentOutOfRangeException">The angle is negative or not finite.</exception>
    public RandomRotation(double degrees, Interpolation interpolation = Interpolation.Bilinear, double fill = 0, Generator? generator = null)
        : base(generator)
    {
        RandomAffine.RequireDegrees(nameof(RandomRotation), degrees);
        (_degrees, _interpolation, _fill) = (degrees, interpolation, fill);
    }

    private protected override Tensor One(Tensor image, Generator generator) => AffineSampling.Apply(image, Matrix(generator), _interpolation, _fill);

    private protected override Tensor Batch(Tensor images, Generator generator)
    {
        var matrices = new double[images.Size(0)][];
        for (int i = 0; i < matrices.Length; i++)
            matrices[i] = Matrix(generator);
        return AffineSampling.Apply(images, matrices, _interpolation, _fill);
    }

    private double[] Matrix(Generator generator) => AffineSampling.Inverse(Between(generator, -_degrees, _degrees), 0, 0, 1, 0, 0);
}

/// <summary>
/// Each picture sheared, scaled, turned about its centre and shifted, by random amounts. torchvision:
/// <c>transforms.RandomAffine</c>, which shifts by whole pixels; its interpolation is nearest unless told otherwise.
/// </summary>
public sealed class RandomAffine : RandomTransform
{
    private readonly double _degrees, _shear, _fill;
    private readonly (double X, double Y) _translate;
    private readonly (double From, double To) _scale;
    private readonly Interpolation _interpolation;

    /// <summary>By up to these amounts.</summary>
    /// <param name="degrees">The largest angle either way, from 0.</param>
    /// <param name="translate">The largest shift either way, as parts of width and height, each from 0 to 1.</param>
    /// <param name="scale">The smallest and largest factor; (1, 1) unless given.</param>
    /// <param name="shear">The largest angle of shearing along x either way, in degrees, from 0 to below 90.</param>
    /// <param name="interpolation">How the picture is read between pixels.</param>
    /// <param name="fill">What stands where the picture does not reach.</param>
    /// <param name="generator">Where random numbers come from; the default generator unless given.</param>
    /// <exception cref="ArgumentOutOfRangeException">An amount is out of its range.</exception>
    public RandomAffine(double degrees, (double X, double Y) translate = default, (double From, double To)? scale = null, double shear = 0,
        Interpolation interpolation = Interpolation.Bilinear, double fill = 0, Generator? generator = null) : base(generator)
    {
        RequireDegrees(nameof(RandomAffine), degrees);
        if (!(translate.X >= 0 && translate.X <= 1 && translate.Y >= 0 && translate.Y <= 1))
            throw new ArgumentOutOfRangeException(nameof(translate), translate, "RandomAffine: expected shifts from 0 to 1, as parts of width and height.");
        (double From, double To) factors = scale ?? (1, 1);
        if (!(factors.From > 0 && factors.From <= factors.To && double.IsFinite(factors.To)))
            throw new ArgumentOutOfRangeException(nameof(scale), scale, "RandomAffine: expected factors above 0, the smaller first.");
        if (!(shear >= 0 && shear < 90))
            throw new ArgumentOutOfRangeException(nameof(shear), shear, "RandomAffine: expected an angle of shearing from 0 to below 90.");
        (_degrees, _translate, _scale, _shear, _interpolation, _fill) = (degrees, translate, factors, shear, interpolation, fill);
    }

    internal static void RequireDegrees(string name, double degrees)
    {
        if (!(degrees >= 0 && double.IsFinite(degrees)))
            throw new ArgumentOutOfRangeException(nameof(degrees), degrees, $"{name}: expected an angle of at least 0 degrees.");
    }

    private protected override Tensor One(Tensor image, Generator generator) => AffineSampling.Apply(image, Matrix(image, generator), _interpolation, _fill);

    private protected override Tensor Batch(Tensor images, Generator generator)
    {
        var matrices = new double[images.Size(0)][];
        for (int i = 0; i < matrices.Length; i++)
            matrices[i] = Matrix(images, generator);
        return AffineSampling.Apply(images, matrices, _interpolation, _fill);
    }

    private double[] Matrix(Tensor image, Generator generator)
    {
        double angle = Between(generator, -_degrees, _degrees);
        double shiftX = Between(generator, -_translate.X, _translate.X) * image.Size(-1), shiftY = Between(generator, -_translate.Y, _translate.Y) * image.Size(-2);
        double factor = Between(generator, _scale.From, _scale.To), shear = Between(generator, -_shear, _shear);
        return AffineSampling.Inverse(angle, shiftX, shiftY, factor, shear, 0);
    }
}
