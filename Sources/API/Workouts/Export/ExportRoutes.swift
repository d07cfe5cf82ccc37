import Foundation
import Protocol
import Realtime
import Store

/// `/v1/workouts/export`: one's workouts as Strong or Hevy would export them.
struct ExportRoutes: Sendable {
    let pool: PostgresPool
    let rooms: Rooms
    let users: Users
    let now: @Sendable () -> Timestamp

    func declare(on routes: inout RouteTable) {
        routes.get("/v1/workouts/export", "One's ended workouts as a CSV of Strong or Hevy", use: export)
    }

    private func export(_ call: Call<SignedInUser, ExportQuery, NoBody>) async throws -> Answer<Download<CSVMedia>> {
        let profile = try await users.trainingProfile(of: call.caller.id, at: now())
        guard let zone = TimeZone(identifier: call.query.timeZone ?? profile.timeZone) else {
            throw UnknownTimeZone(name: profile.timeZone)
        }
        let export = WorkoutExport(
            pool: pool, rooms: rooms, user: call.caller.id,
            table: ExportTable(format: call.query.format, unit: call.query.unit, zone: zone), from: call.query.from,
            to: call.query.to)
        return Answer(
            Download(
                .stream(sizeBytes: nil) { try await export.write(to: &$0) },
                disposition: .attachment(filename: "\(call.query.format.rawValue)_workouts.csv")))
    }
}

/// Which workouts are exported, and how.
struct ExportQuery: RouteQuery {
    static let formatField = Field("format", ValueRule<ExportFormat>.choice, "The app whose export is written.")
    static let fromField = Field.optional("from", .time, "Begun at this time or later.")
    static let toField = Field.optional("to", .time, "Begun before this time.")
    static let unitField = Field.optional(
        "unit", ValueRule<TrainingLog.WeightUnit>.choice, "Of weights; kilograms unless told.")
    static let zoneField = Field.optional(
        "timeZone", .text(1...64), "An IANA name: whose local times are written; the profile's unless told.")

    static var parameters: [MemberSchema] {
        [formatField.schema, fromField.schema, toField.schema, unitField.schema, zoneField.schema]
    }

    let format: ExportFormat
    let from, to: Timestamp?
    let unit: TrainingLog.WeightUnit
    let timeZone: String?

    init?(reading query: inout QueryReader) {
        let format = query.required(Self.formatField)
        from = query.optional(Self.fromField)
        to = query.optional(Self.toField)
        unit = query.optional(Self.unitField) ?? .kg
        timeZone = query.optional(Self.zoneField)
        if let from, let to, to <= from { query.fault("to", .inconsistent, "Must lie after from.") }
        if let timeZone, TimeZone(identifier: timeZone) == nil {
            query.fault("timeZone", .badFormat, "Must be a zone of the IANA database.")
        }
        guard let format else { return nil }
        self.format = format
    }
}
