namespace Cresset;

/// <summary>How many threads the library computes with. PyTorch: <c>torch.set_num_threads</c>.</summary>
public static class Threads
{
    /// <summary>The number of threads, the calling one included; as many as the process may use unless set. More than it has
    /// processors count as these. Results do not depend on it. PyTorch: <c>set_num_threads</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public static int Count
    {
        get => Kernels.Cpu.WorkerPool.Threads;
        set
        {
            if (value < 1) throw new ArgumentOutOfRangeException(nameof(value), $"Threads.Count: expected at least 1, got {value}");
            Kernels.Cpu.WorkerPool.Threads = value;
        }
    }
}
