using Cresset.Examples.Serving;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;

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
app.Run();
