import NIOCore
import Protocol

extension LiveClient {
    /// Cheers in a workout that is followed.
    public func cheer(_ cheer: Cheer, in workout: WorkoutID) async throws {
        _ = try await answer(to: .cheer(room: RoomName.workout(workout).text, cheer))
    }

    /// Does something about the watchers of one's own workout.
    public func moderate(_ moderation: Moderation, in workout: WorkoutID) async throws {
        _ = try await answer(to: .moderate(room: RoomName.workout(workout).text, moderation))
    }

    /// Tells that notices, at most 100, were shown to the user: they are not told again.
    public func seen(_ notices: [NoticeID]) async throws { _ = try await answer(to: .seen(notices)) }

    /// Sends a heart rate, 20…300 beats a minute; lost without notice when there is no connection.
    public func heart(bpm: Int64, rr: [Int64] = [], in workout: WorkoutID) {
        guard connection?.welcome != nil, let channel = connection?.channel else { return }
        let frame = ClientFrame(
            id: nil, body: .heart(room: RoomName.workout(workout).text, HeartBeat(bpm: bpm, rr: rr)))
        channel.writeAndFlush(MaskedFrame.text(frame.json), promise: nil)
    }

    /// Sends a request and waits for its answer. Throws `LiveClientError.notConnected` or `.refused`.
    func answer(to body: ClientFrame.Body) async throws -> ServerFrame {
        guard connection?.welcome != nil else { throw LiveClientError.notConnected }
        return try await withCheckedThrowingContinuation { request(body, for: .reply($0)) }
    }

    func request(_ body: ClientFrame.Body, for waiting: LiveConnection.Waiting) {
        guard let id = connection?.nextRequest(), let channel = connection?.channel else {
            if case .reply(let continuation) = waiting { continuation.resume(throwing: LiveClientError.notConnected) }
            return
        }
        connection?.waiting[id] = waiting
        channel.writeAndFlush(MaskedFrame.text(ClientFrame(id: id, body: body).json), promise: nil)
    }
}
