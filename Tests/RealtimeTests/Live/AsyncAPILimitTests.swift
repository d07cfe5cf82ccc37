import Foundation
import NIOCore
import Protocol
import Testing

@testable import Realtime

/// The limits in `spec/asyncapi.yaml` are those of the code.
struct AsyncAPILimitTests {
    /// The numbers under `x-limits`.
    private func limits() throws -> [String: Int64] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "spec/asyncapi.yaml")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let start = try #require(lines.firstIndex { $0 == "    x-limits:" })
        var limits: [String: Int64] = [:]
        for line in lines[(start + 1)...].prefix(while: { $0.hasPrefix("      ") }) {
            guard let row = line.wholeMatch(of: /[ ]{6}([A-Za-z]+): (\d+)/) else { continue }
            limits[String(row.1)] = Int64(row.2)
        }
        return limits
    }

    @Test("every limit is told as the code has it")
    func limitsAreCurrent() throws {
        let live = LiveConfiguration()
        let socket = SocketConfiguration()
        #expect(
            try limits() == [
                "frameBytes": Int64(socket.messageLimitBytes), "subscriptions": Int64(live.subscriptionLimit),
                "connectionsPerUser": Int64(live.connectionsPerUser), "opsPerSecond": Int64(live.opsPerSecond),
                "opsBurst": Int64(live.opsBurst), "heartPerSecond": Int64(live.heartPerSecond),
                "cheersPerWatcher": Int64(live.cheersPerWatcher), "cheersPerRoom": Int64(live.cheersPerRoom),
                "moderationsPerSecond": Int64(live.moderationsPerSecond),
                "moderationsBurst": Int64(live.moderationsBurst),
                "moderatedWatchers": Int64(WorkoutRoom.moderatedLimit),
                "helloSeconds": live.helloWithin.components.seconds,
                "tokenGraceSeconds": live.tokenGrace.components.seconds,
                "heartbeatSeconds": socket.pingAfter.nanoseconds / 1_000_000_000,
                "heartbeatGraceSeconds": socket.pongWithin.nanoseconds / 1_000_000_000,
                "presenceGraceSeconds": live.presenceGrace.components.seconds, "resumeEvents": live.resumeEvents,
                "exercises": Int64(WorkoutState.entryLimit), "sets": Int64(WorkoutState.setLimit),
                "events": WorkoutState.eventLimit, "eventBytes": Int64(WorkoutEvent.limitBytes),
                "pageBytes": Int64(WorkoutRoom.pageBytes), "pageEvents": Int64(WorkoutRoom.pageEvents),
            ])
    }
}
