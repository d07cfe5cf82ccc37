import Protocol

extension BodyMetric {
    /// What a measured value may be.
    var range: ClosedRange<Double> {
        switch self {
        case .weightKg: 20...500
        case .bodyFatPercent: 1...75
        default: 5...300
        }
    }

    /// How a value is read from a body.
    var field: Field<Double> {
        let unit =
            switch self {
            case .weightKg: "Kilograms."
            case .bodyFatPercent: "Percent of the body weight."
            default: "Centimetres around."
            }
        return Field.optional(rawValue, .number(range), unit)
    }
}

/// `POST /v1/progress/body`: at least one value.
struct NewBodyMeasurement: BodyInput, RouteBody {
    static let idField = Field.optional("id", .id, "Made by the client; else by the server.")
    static let measuredAtField = Field.optional(
        "measuredAt", .time, "When it was measured, now by default; up to a minute ahead counts as now.")
    static let noteField = Field.optional("note", .text(1...500, lines: true), "For oneself.")

    static var members: [MemberSchema] {
        [idField.schema, measuredAtField.schema] + BodyMetric.allCases.map(\.field.schema) + [noteField.schema]
    }
    static let examples: [String: MemberExample] = ["note": .value("Before breakfast.")]

    let id: BodyMeasurementID?
    let measuredAt: Timestamp?
    let values: [BodyMetric: Double]
    let note: String?

    init?(reading body: inout BodyReader) {
        id = body.optional(Self.idField)
        measuredAt = body.optional(Self.measuredAtField)
        var values: [BodyMetric: Double] = [:]
        for metric in BodyMetric.allCases { values[metric] = body.optional(metric.field) }
        self.values = values
        note = body.optional(Self.noteField)
        if values.isEmpty, body.faults.isEmpty {
            body.fault(BodyMetric.weightKg.rawValue, .required, "At least one value is required.")
        }
    }
}

/// `PUT /v1/progress/body/:id`: members that are left out keep their value, null takes a value out.
struct BodyMeasurementChange: BodyInput, RouteBody {
    static var members: [MemberSchema] { Array(NewBodyMeasurement.members.dropFirst()) }
    static let examples = NewBodyMeasurement.examples

    var measuredAt: Timestamp?
    private let values: [BodyMetric: Change<Double>]
    private let note: Change<String>

    init?(reading body: inout BodyReader) {
        measuredAt = body.replacement(NewBodyMeasurement.measuredAtField)
        var values: [BodyMetric: Change<Double>] = [:]
        for metric in BodyMetric.allCases { values[metric] = body.change(metric.field) }
        self.values = values
        note = body.change(NewBodyMeasurement.noteField)
    }

    /// The measurement as it is after the change.
    func applied(to before: StoredMeasurement) -> StoredMeasurement {
        var after = before
        after.measuredAt = measuredAt ?? before.measuredAt
        for (metric, change) in values { after.values[metric] = change.applied(to: before.values[metric]) }
        after.note = note.applied(to: before.note)
        return after
    }
}
