import Protocol

/// A workout's state at one event, encoded once for all who subscribe until the next one.
struct EncodedState: Sendable {
    let epoch: Int64
    let seq: Int64
    let hash: String
    private var own: [UInt8]?
    private var watched: [UInt8]?

    /// What it occupies in memory.
    var bytes: Int { (own?.count ?? 0) + (watched?.count ?? 0) }

    init(_ history: RoomHistory) {
        epoch = history.epoch
        seq = history.seq
        hash = history.state.stateHash
    }

    mutating func json(of state: WorkoutState, forWatchers: Bool) -> [UInt8] {
        if let known = forWatchers ? watched : own { return known }
        let json = state.json(forWatchers: forWatchers)
        if forWatchers { watched = json } else { own = json }
        return json
    }
}
