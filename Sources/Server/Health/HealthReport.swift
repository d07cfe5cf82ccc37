import HTTPTypes
import Hummingbird
import Protocol

/// The body of `GET /v1/health`.
struct HealthReport: ResponseCodable {
    let status: Health.Status
}

/// The body of `GET /v1/health/detailed`.
struct DetailedHealthReport: ResponseCodable {
    struct Database: Codable {
        let isReachable: Bool
        /// Whether the server started this Postgres itself.
        let isPrivate: Bool
        /// What durable answers outlive.
        let durability: String
    }

    let status: Health.Status
    let phase: Readiness.Phase
    let version: String
    let startedAt: Timestamp
    let database: Database
    let queue: Health.QueueLevel
    /// At its bound no further workouts are opened.
    let rooms: Health.RoomLevel
    /// For how long the oldest op has waited to become durable; 0 when none waits.
    let oldestUndurableSeconds: Double
    let connections: Int
}

extension Health.Status {
    var httpStatus: HTTPResponse.Status { takesWork ? .ok : .serviceUnavailable }
}
