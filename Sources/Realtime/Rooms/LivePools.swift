import Logging
import Store

/// The connections to Postgres that live has for itself: however slow the requests of REST and the jobs are, what was
/// logged becomes durable, rooms open and access is checked.
package struct LivePools: Sendable {
    /// For write-behind: its one batch, and what has to be said about it meanwhile.
    package let journal: PostgresPool
    /// For rooms: their epochs and histories, and who may watch.
    package let rooms: PostgresPool

    /// How many connections they have together.
    package static let connections = 6

    package init(_ configuration: PostgresConfiguration, logger: Logger) {
        var few = configuration
        few.maxConnections = 2
        journal = PostgresPool(configuration: few, logger: logger)
        few.maxConnections = Self.connections - 2
        rooms = PostgresPool(configuration: few, logger: logger)
    }

    var all: [PostgresPool] { [journal, rooms] }
}
