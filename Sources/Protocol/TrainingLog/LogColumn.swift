/// What a column of a training log holds.
enum LogColumn: String, Hashable, Sendable, CaseIterable {
    case workoutNumber, start, end, duration, workoutName, workoutNote
    case exercise, superset, exerciseNote
    case setOrder, setType, weight, weightUnit, reps, distance, distanceUnit, seconds, rpe

    /// A header's cell, understood: its column and the unit that stands in it.
    struct Heading: Hashable, Sendable {
        let column: LogColumn
        var weightUnit: TrainingLog.WeightUnit?
        var distanceUnit: TrainingLog.DistanceUnit?
    }

    /// Reads a header's cell in any of the known languages; nil when it is none of the known names.
    static func heading(_ cell: String) -> Heading? {
        let (name, unit) = parts(of: cell)
        guard let column = names[name] ?? shortNames[name] else { return nil }
        var heading = Heading(column: column)
        let unitText = unit ?? unitsInNames[name] ?? ""
        if column == .weight { heading.weightUnit = weightUnit(unitText) }
        if column == .distance { heading.distanceUnit = distanceUnit(unitText) }
        return heading
    }

    static func weightUnit(_ text: String) -> TrainingLog.WeightUnit? {
        switch text.lowercased() {
        case "kg", "kgs", "kilograms", "公斤", "千克": .kg
        case "lb", "lbs", "pounds", "磅": .lb
        default: nil
        }
    }

    static func distanceUnit(_ text: String) -> TrainingLog.DistanceUnit? {
        switch text.lowercased() {
        case "m", "meter", "meters", "metres", "米": .m
        case "km", "kilometers", "kilometres", "公里", "千米": .km
        case "mi", "mile", "miles", "英里": .mi
        default: nil
        }
    }

    /// The unit that a header's cell carries in parentheses, whatever its language.
    static func unitInParentheses(_ cell: String) -> String? { parts(of: cell).unit }

    /// The letters and digits of a heading, lower case, and what stands in its parentheses.
    private static func parts(of cell: String) -> (name: String, unit: String?) {
        let open = cell.firstIndex { $0 == "(" || $0 == "（" }
        var unit: String?
        if let open {
            unit = String(cell[cell.index(after: open)...].prefix { $0 != ")" && $0 != "）" }.trimmed)
        }
        let name = cell[..<(open ?? cell.endIndex)].lowercased().filter { $0.isLetter || $0.isNumber }
        return (name, unit)
    }

    /// Strong in English, German, French and Chinese; then Hevy. Keys hold letters and digits only.
    private static let names: [String: LogColumn] = [
        "workout": .workoutNumber, "workoutnumber": .workoutNumber,
        "date": .start, "datum": .start, "日期": .start,
        "workoutname": .workoutName, "namedesworkouts": .workoutName, "trainingsname": .workoutName,
        "namedestrainings": .workoutName, "nomdelentraînement": .workoutName, "nomdelentrainement": .workoutName,
        "nomdelaséance": .workoutName, "锻炼名称": .workoutName, "訓練名稱": .workoutName,
        "duration": .duration, "workoutduration": .duration, "dauer": .duration, "workoutdauer": .duration,
        "trainingsdauer": .duration, "durée": .duration, "duréedelentraînement": .duration, "时长": .duration,
        "exercisename": .exercise, "übungsname": .exercise, "namederübung": .exercise, "übung": .exercise,
        "nomdelexercice": .exercise, "exercice": .exercise, "运动名称": .exercise,
        "setorder": .setOrder, "satzreihenfolge": .setOrder, "reihenfolgedersätze": .setOrder,
        "reihenfolgefestlegen": .setOrder, "satz": .setOrder, "satznummer": .setOrder, "ordredelasérie": .setOrder,
        "ordredeséries": .setOrder, "ordredesséries": .setOrder, "ordredesérie": .setOrder, "设置顺序": .setOrder,
        "weight": .weight, "gewicht": .weight, "poids": .weight, "重量": .weight,
        "weightunit": .weightUnit, "gewichtseinheit": .weightUnit, "unitédepoids": .weightUnit, "重量单位": .weightUnit,
        "reps": .reps, "wiederholungen": .reps, "wiederh": .reps, "wdh": .reps, "répétitions": .reps, "réps": .reps,
        "rép": .reps, "次": .reps, "次数": .reps,
        "distance": .distance, "entfernung": .distance, "distanz": .distance, "strecke": .distance, "距离": .distance,
        "distanceunit": .distanceUnit, "entfernungseinheit": .distanceUnit, "distanzeinheit": .distanceUnit,
        "unitédedistance": .distanceUnit, "距离单位": .distanceUnit,
        "seconds": .seconds, "sekunden": .seconds, "secondes": .seconds, "秒": .seconds,
        "notes": .exerciseNote, "notizen": .exerciseNote, "anmerkungen": .exerciseNote, "remarques": .exerciseNote,
        "备注": .exerciseNote,
        "workoutnotes": .workoutNote, "workoutnotizen": .workoutNote, "workoutanmerkungen": .workoutNote,
        "trainingsnotizen": .workoutNote, "notesdelentraînement": .workoutNote, "notesdentraînement": .workoutNote,
        "notesdelaséance": .workoutNote, "锻炼备注": .workoutNote,
        "rpe": .rpe,
        "title": .workoutName, "starttime": .start, "endtime": .end, "description": .workoutNote,
        "exercisetitle": .exercise, "supersetid": .superset, "exercisenotes": .exerciseNote, "setindex": .setOrder,
        "settype": .setType, "weightkg": .weight, "weightlbs": .weight, "weightlb": .weight,
        "distancekm": .distance, "distancemiles": .distance, "distancemi": .distance, "distancemeters": .distance,
        "durationseconds": .seconds,
    ]

    /// Old exports name a column after its unit.
    private static let shortNames: [String: LogColumn] = [
        "kg": .weight, "lb": .weight, "lbs": .weight, "km": .distance, "mi": .distance, "miles": .distance,
        "meters": .distance,
    ]

    private static let unitsInNames: [String: String] = [
        "kg": "kg", "lb": "lb", "lbs": "lb", "km": "km", "mi": "mi", "miles": "mi", "meters": "m",
        "weightkg": "kg", "weightlbs": "lb", "weightlb": "lb",
        "distancekm": "km", "distancemiles": "mi", "distancemi": "mi", "distancemeters": "m",
    ]
}
