namespace Cresset.Text;

/// <summary>Common family names of eight languages, in Latin letters without accents: a small list that the library brings along,
/// so that a classifier can be trained without a download.</summary>
public static class CommonNames
{
    static readonly (string Language, string Names)[] Lists =
    [
        ("Chinese", "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Tang Song Han Deng Feng Cao Peng Zeng Xiao Tian Dong Pan Yuan Cai Jiang Yu Du Ye Cheng Wei Su Lu Ding Ren Shen Yao Cui"),
        ("English", "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Jackson Clarke Harrison Turner Hill Cooper Ward Moore Baker Parker Edwards Cook Carter Mitchell Shaw Bennett Richardson Hughes Watson Foster Palmer Mason Fletcher Webb Chapman Ellis Knight Barker Holmes Stone Wells Marsh"),
        ("French", "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Lefebvre Mercier Dupont Lambert Bonnet Francois Martinet Legrand Garnier Faure Rousseau Blanc Guerin Muller Henry Roussel Nicolas Perrin Morin Mathieu Clement Gauthier Dumont Lopez Fontaine Chevalier Robin Masson Sanchez Gerard Boyer Denis Lemaire Duval Joly Gautier Roger Roche Lacroix Fournier"),
        ("German", "Muller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schafer Koch Bauer Richter Klein Wolf Schroder Neumann Schwarz Zimmermann Braun Kruger Hofmann Hartmann Lange Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier Kohler Herrmann Konig Walter Mayer Huber Kaiser Fuchs Peters Scholz Moller Weiss Jung Hahn Vogel Friedrich Keller"),
        ("Italian", "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Deluca Mancini Costa Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli Martini Leone Longo Gentile Martinelli Vitale Lombardo Serra Coppola Desantis Marchetti Parisi Villa Conte Ferraro Ferri Fabbri Bianco Marini Grasso Valentini Messina"),
        ("Japanese", "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Yamaguchi Matsumoto Inoue Kimura Hayashi Shimizu Saito Yamazaki Mori Ikeda Hashimoto Abe Ishikawa Yamashita Nakajima Ishii Ogawa Maeda Okada Hasegawa Fujita Goto Kondo Murakami Endo Aoki Sakamoto Fukuda Ota Nishimura Fujii Fujiwara Okamoto Miura Nakagawa Nakano Harada"),
        ("Russian", "Ivanov Smirnov Kuznetsov Popov Vasiliev Petrov Sokolov Mikhailov Novikov Fedorov Morozov Volkov Alekseev Lebedev Semenov Egorov Pavlov Kozlov Stepanov Nikolaev Orlov Andreev Makarov Nikitin Zakharov Zaitsev Soloviev Borisov Yakovlev Grigoriev Romanov Vorobyov Sergeev Kuzmin Frolov Aleksandrov Dmitriev Korolev Gusev Kiselev Ilyin Maksimov Polyakov Sorokin Vinogradov Kovalev Belov Medvedev Antonov Tarasov"),
        ("Spanish", "Garcia Rodriguez Gonzalez Fernandez Lopez Martinez Sanchez Perez Gomez Martin Jimenez Ruiz Hernandez Diaz Moreno Munoz Alvarez Romero Alonso Gutierrez Navarro Torres Dominguez Vazquez Ramos Gil Ramirez Serrano Blanco Molina Morales Suarez Ortega Delgado Castro Ortiz Rubio Marin Sanz Nunez Iglesias Medina Garrido Cortes Castillo Santos Lozano Guerrero Cano Prieto"),
    ];

    /// <summary>The names, 50 of each language. A few stand in two lists, as they do in life.</summary>
    public static LabelledNames Create()
    {
        List<string> names = [];
        List<int> labels = [];
        for (var language = 0; language < Lists.Length; language++)
            foreach (var name in Lists[language].Names.Split(' '))
            {
                names.Add(name);
                labels.Add(language);
            }
        return new LabelledNames(names, labels, [.. Lists.Select(list => list.Language)]);
    }
}
