// Lesson 1: a linear model, y = w * x.
var x = Tensor.From(new[] { 1.0, 2.0, 3.0 });
Console.WriteLine(x * 2.0);
