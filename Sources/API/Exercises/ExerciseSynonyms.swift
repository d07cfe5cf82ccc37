/// Words that athletes use for words of the library.
enum ExerciseSynonyms {
    /// By the word as it is typed (in the form of `ExerciseDocument.words`), the library's words for it.
    static let words: [String: [String]] = [
        "ab": ["abdominal"], "abs": ["abdominal"], "core": ["abdominal"], "stomach": ["abdominal"],
        "pec": ["chest"], "pectoral": ["chest"],
        "quad": ["quadricep"], "thigh": ["quadricep", "hamstring"], "leg": ["quadricep", "hamstring"],
        "ham": ["hamstring"], "hammy": ["hamstring"], "butt": ["glute"], "bum": ["glute"], "hip": ["glute"],
        "delt": ["shoulder"], "deltoid": ["shoulder"], "arm": ["bicep", "tricep"], "guns": ["bicep"],
        "bi": ["bicep"], "tri": ["tricep"], "back": ["lat", "middle"], "calve": ["calf"], "calf": ["calve"],
        "bodyweight": ["body"], "kb": ["kettlebell"], "bike": ["bicycling"], "cycling": ["bicycling"],
        "run": ["running", "jogging"], "jog": ["jogging"], "rdl": ["romanian"], "ohp": ["shoulder", "military"],
        "overhead": ["shoulder", "military"], "military": ["shoulder"], "rollout": ["roller"], "chin": ["chinup"],
        "abduction": ["abductor"], "adduction": ["adductor"], "rower": ["rowing"], "skipping": ["jumping"],
        "crunch": ["crunche"], "flat": ["bench"],
    ]
}
