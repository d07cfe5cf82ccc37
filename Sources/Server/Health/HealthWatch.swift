import API
import Logging
import Protocol
import Realtime
import Store

/// What this process knows of its own state, and the routes that tell it.
struct HealthWatch: Sendable {
    let readiness = Readiness()
    let probe: DatabaseProbe
    let durability: DurabilityWatch
    let health: Health
    private let startedAt = Timestamp.now
    private let isPrivate: Bool
    private let live: LiveServices

    init(configuration: Configuration, database: Database, live: LiveServices, memory: MemoryWatch, logger: Logger) {
        let probe = DatabaseProbe(pool: database.pool, logger: logger)
        let limit = configuration.storage.queueBytes
        self.probe = probe
        let durability = DurabilityWatch(logger: logger) { live.node.writeBehind.oldestAge }
        self.durability = durability
        health = Health(
            readiness: readiness, databaseIsReachable: { probe.isReachable }, isDurable: { durability.isFine },
            queue: { Health.QueueLevel(bytes: live.node.writeBehind.pendingBytes, limitBytes: limit) },
            isShortOfMemory: { memory.isShort })
        isPrivate = database.cluster != nil
        self.live = live
    }

    /// The health routes of the port for everybody.
    var routes: RouteTable {
        var table = RouteTable()
        HealthRoutes(health: health, detailed: { detailed() }).declare(on: &table)
        return table
    }

    func detailed() -> DetailedHealthReport {
        let rooms = live.node.roomMemory
        return DetailedHealthReport(
            status: health.status, phase: readiness.phase, version: Release.version, startedAt: startedAt,
            database: .init(
                isReachable: probe.isReachable, isPrivate: isPrivate,
                durability: "durable means committed on this Postgres's disk; without synchronous_standby_names "
                    + "that ends at its failover"),
            queue: health.queue(), rooms: Health.RoomLevel(bytes: rooms.bytes, limitBytes: rooms.limitBytes),
            oldestUndurableSeconds: durability.age.seconds,
            connections: live.sockets.connectionCount)
    }
}
