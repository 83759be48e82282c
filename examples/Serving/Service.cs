using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace Cresset.Examples.Serving;

/// <summary>The whole service.</summary>
static class Service
{
    /// <summary>Makes it ready to start.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddProblemDetails();
        builder.Services.AddCressetModel(options => builder.Configuration.GetSection("Model").Bind(options));

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.MapPost("/predict", PredictEndpoint.HandleAsync);
        // Alive is who answers at all; ready is who takes requests.
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready");
        app.MapMetrics();
        return app;
    }
}
