using Xunit.Sdk;
using Xunit.v3;

// Every training seeds the process's generator and sets its thread count: two at once would draw each other's numbers.
[assembly: Parallelization(Mode = ParallelMode.None)]
