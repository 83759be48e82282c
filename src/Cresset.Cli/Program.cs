Console.WriteLine("cresset");
