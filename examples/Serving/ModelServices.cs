using Cresset.Vision;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Prometheus;

namespace Cresset.Examples.Serving;

/// <summary>Registers a model with a host.</summary>
static class ModelServices
{
    /// <summary>Adds a classifier of pictures: the model, the batcher in front of it, the check that it is ready, and metrics. Options
    /// that make no sense, and a model that cannot be read, end the start of the host.</summary>
    public static IServiceCollection AddCressetModel(this IServiceCollection services, Action<ModelOptions> configure)
    {
        services.AddOptions<ModelOptions>().Configure(configure).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ModelOptions>, ModelOptionsValidator>();
        services.AddMetrics();
        services.AddSingleton<ServingMetrics>();
        services.AddSingleton(provider => PictureClassifier.Load(provider.GetRequiredService<IOptions<ModelOptions>>().Value.Path));
        services.TryAddSingleton<Forward<ImagePixels, float[]>>(provider => provider.GetRequiredService<PictureClassifier>().Classify);
        services.AddSingleton<Batcher<ImagePixels, float[]>>();
        services.AddHostedService(provider => provider.GetRequiredService<Batcher<ImagePixels, float[]>>());
        services.AddHealthChecks().AddCheck<Readiness>("model");
        return services;
    }

    /// <summary>The page /metrics, in Prometheus' text form.</summary>
    public static IEndpointConventionBuilder MapMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapMetrics("/metrics", routes.ServiceProvider.GetRequiredService<ServingMetrics>().Registry);

    sealed class Readiness(Batcher<ImagePixels, float[]> batcher) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(batcher.IsRunning ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("the service is starting or stopping"));
    }
}
