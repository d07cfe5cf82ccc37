import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

@Suite("Decisions about watchers are bounded")
struct ModerationTests {
    @Test("a workout has at most so many muted and so many removed watchers; those who are stay, and count")
    func limits() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let room = try await server.node.rooms.room(lift.workout)
            let connection = try #require(await room.links.keys.first)
            let memory = server.node.rooms.context.memory
            for decision in [Moderation.mute, Moderation.remove] {
                let before = memory.bytes
                let first = UserID.make()
                _ = try await room.moderate(decision(first), by: connection)
                for _ in 1..<WorkoutRoom.moderatedLimit {
                    _ = try await room.moderate(decision(.make()), by: connection)
                }
                #expect(memory.bytes >= before + 16 * WorkoutRoom.moderatedLimit)
                let refused = await #expect(throws: Refusal.self) {
                    try await room.moderate(decision(.make()), by: connection)
                }
                #expect(refused?.code == .limitReached)
                _ = try await room.moderate(decision(first), by: connection)
            }
        }
    }

    @Test("of a user who does not exist nothing is kept")
    func unknown() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let ben = try await server.user("Ben")
            for user in [UserID.make(), ben.userId] {
                for decision in [Moderation.mute(user), .remove(user)] {
                    #expect(try await lift.talker.ask(.moderate(room: lift.room, decision)).refusal == nil)
                }
            }
            let room = try await server.node.rooms.room(lift.workout)
            #expect(await room.mutedWatchers == [ben.userId])
            #expect(await room.removedWatchers == [ben.userId])
        }
    }

    @Test("the athlete decides on a connection that has done nothing in the room yet; others find no room")
    func otherConnection() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let other = try await server.connect(lift.athlete)
            #expect(try await other.ask(.moderate(room: lift.room, .close)).refusal == nil)
            #expect(await (try await server.node.rooms.room(lift.workout)).isClosed)
            let ben = try await server.connect(try await server.user("Ben"))
            #expect(try await ben.ask(.moderate(room: lift.room, .open)).refusal?.code == .noSuchRoom)
        }
    }

    @Test("a connection whose decision was refused leaves the room when it closes")
    func refusedDecision() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let room = try await server.node.rooms.room(lift.workout)
            let before = await room.links.count
            let other = try await server.connect(lift.athlete)
            let refusal = try await other.ask(.moderate(room: lift.room, .remove(lift.athlete.userId))).refusal
            #expect(refusal?.code == .invalid)
            #expect(await room.links.count == before + 1)
            try await other.socket.close()
            try await eventually { await room.links.count == before }
        }
    }

    @Test("a room stays while a decision about its watchers is not stored")
    func unstoredDecision() async throws {
        var configuration = LiveConfiguration()
        configuration.linkGrace = .zero
        try await LiveTestServer.run(configuration) { server in
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            let room = try await server.node.rooms.room(lift.workout)
            let connection = try #require(await room.links.keys.first)
            _ = try await room.moderate(.remove(.make()), by: connection)
            #expect(await room.unloadIfSpare() == false)
            await room.moderated()
            #expect(await room.unloadIfSpare())
            // The connection's next decision finds the room anew.
            #expect(try await lift.talker.ask(.moderate(room: lift.room, .close)).refusal == nil)
        }
    }

    @Test("decisions about watchers come out of a budget of the connection")
    func budget() async throws {
        let clock = TestClock()
        var configuration = LiveConfiguration()
        configuration.moderationsBurst = 3
        try await LiveTestServer.run(configuration, clock: ServerClock(wall: { clock.now })) { server in
            let lift = try await Lift.begin(on: server)
            var refusals: [Refusal?] = []
            for _ in 0..<4 { refusals.append(try await lift.talker.ask(.moderate(room: lift.room, .close)).refusal) }
            #expect(refusals.map(\.?.code) == [nil, nil, nil, .rateLimited])
            clock.advance(by: .milliseconds(refusals[3]?.retryAfterMilliseconds ?? 0))
            #expect(try await lift.talker.ask(.moderate(room: lift.room, .open)).refusal == nil)
        }
    }
}
