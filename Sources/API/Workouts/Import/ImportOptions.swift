import Foundation
import Protocol

/// What is done with a log's exercises that nothing here is known by.
enum UnknownExercises: String, Codable, Sendable, CaseIterable { case create, keepName }

/// Which exercises a log's names may stand for.
enum ExerciseMatching: String, Codable, Sendable, CaseIterable {
    /// Those that mean the same movement.
    case similar
    /// Those of the same name.
    case exact
}

/// What the caller of an import chose; a job reads it again.
struct ImportOptions: Codable, Sendable {
    /// For weights whose file names no unit.
    var unit: TrainingLog.WeightUnit?
    /// For distances whose file names no unit.
    var distanceUnit: TrainingLog.DistanceUnit?
    /// An IANA name; the file's times are local ones.
    var timeZone: String
    var isDryRun: Bool
    var unknownExercises: UnknownExercises
    var matching: ExerciseMatching
}

/// `POST /v1/workouts/import`
struct ImportQuery: RouteQuery {
    static let unitField = Field.optional(
        "unit", ValueRule<TrainingLog.WeightUnit>.choice, "Of weights, for files that name none.")
    static let distanceField = Field.optional(
        "distanceUnit", ValueRule<TrainingLog.DistanceUnit>.choice, "Of distances, for files that name none.")
    static let zoneField = Field.optional(
        "timeZone", .text(1...64), "An IANA name: where the file's times were; the profile's unless told.")
    static let dryRunField = Field.optional("dryRun", .flag, "Only tell what would be done.")
    static let unknownField = Field.optional(
        "unknownExercises", ValueRule<UnknownExercises>.choice,
        "Make exercises of one's own of them (the default), or keep their names in the workouts.")
    static let matchingField = Field.optional(
        "matching", ValueRule<ExerciseMatching>.choice, "By similar names (the default) or only by the same.")

    static var parameters: [MemberSchema] {
        [
            unitField.schema, distanceField.schema, zoneField.schema, dryRunField.schema, unknownField.schema,
            matchingField.schema,
        ]
    }

    let unit: TrainingLog.WeightUnit?
    let distanceUnit: TrainingLog.DistanceUnit?
    let timeZone: String?
    let isDryRun: Bool
    let unknownExercises: UnknownExercises
    let matching: ExerciseMatching

    init?(reading query: inout QueryReader) {
        unit = query.optional(Self.unitField)
        distanceUnit = query.optional(Self.distanceField)
        timeZone = query.optional(Self.zoneField)
        isDryRun = query.optional(Self.dryRunField) ?? false
        unknownExercises = query.optional(Self.unknownField) ?? .create
        matching = query.optional(Self.matchingField) ?? .similar
        if let timeZone, TimeZone(identifier: timeZone) == nil {
            query.fault("timeZone", .badFormat, "Must be a zone of the IANA database.")
        }
    }

    func options(zone: String) -> ImportOptions {
        ImportOptions(
            unit: unit, distanceUnit: distanceUnit, timeZone: timeZone ?? zone, isDryRun: isDryRun,
            unknownExercises: unknownExercises, matching: matching)
    }
}
