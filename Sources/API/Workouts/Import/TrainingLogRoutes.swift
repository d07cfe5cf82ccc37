import Protocol
import Realtime
import Store

/// Import and export of training logs, put together.
struct TrainingLogRoutes: Sendable {
    private let tools: ImportTools
    private let imports: ImportRoutes
    private let exports: ExportRoutes

    init(
        pool: PostgresPool, rooms: Rooms, exercises: Exercises, live: LiveHooks,
        now: @escaping @Sendable () -> Timestamp, atOnceBytes: Int
    ) {
        let users = Users(pool: pool)
        tools = ImportTools(store: ImportStore(pool: pool, now: now), rooms: rooms, exercises: exercises, live: live)
        imports = ImportRoutes(tools: tools, users: users, atOnceBytes: atOnceBytes)
        exports = ExportRoutes(pool: pool, rooms: rooms, users: users, now: now)
    }

    func declare(on routes: inout RouteTable) {
        imports.declare(on: &routes)
        exports.declare(on: &routes)
    }

    func register(on handlers: inout JobHandlers) { handlers.add(ImportJob.self, run: tools.run) }

    var chores: [Housekeeping.Chore] {
        [Housekeeping.Chore(name: "workout imports", removeSome: tools.store.removeOld)]
    }
}
