/// A change an athlete asks for; `id` makes it idempotent within its workout for ever.
public struct WorkoutOp: Sendable, Hashable {
    public let id: OpID
    /// When it happened, by the athlete's clock.
    public let at: Timestamp
    public let action: WorkoutAction

    public init(id: OpID, at: Timestamp, action: WorkoutAction) {
        self.id = id
        self.at = at
        self.action = action
    }

    /// Equal for equal bodies: tells a repeat from another body under the same id.
    public var fingerprint: UInt64 {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("at", at)
            action.write(to: &writer)
        }
        return StableHash.of(writer.bytes)
    }

    public init(_ json: JSONValue) throws(Refusal) {
        let fields = Fields(json)
        id = try fields.required("opId", fields.id("opId"))
        at = try fields.required("at", fields.time("at"))
        action = try WorkoutAction(json)
    }

    /// Writes `opId`, `at`, `kind` and the action's members into the open object.
    public func write(to writer: inout JSONWriter) {
        writer.member("opId", id)
        writer.member("at", at)
        action.write(to: &writer)
    }
}

/// FNV-1a, 64 bits: the same on every platform and in every release.
public enum StableHash {
    public static func of(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}
