foreach (var line in Cresset.AheadOfTime.TinyTraining.Run()) Console.WriteLine(line);
