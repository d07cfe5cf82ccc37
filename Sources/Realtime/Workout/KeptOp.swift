import Protocol

/// An op that was taken and is not stored yet: what is needed to apply it again.
package struct KeptOp: Sendable, Hashable {
    package let op: WorkoutOp
    /// Made by the server.
    package let isAutomatic: Bool

    package init(_ op: WorkoutOp, isAutomatic: Bool = false) {
        self.op = op
        self.isAutomatic = isAutomatic
    }

    /// The op as it was asked for, with the server's mark, which no client can set.
    package init(_ json: JSONValue) throws(Refusal) {
        op = try WorkoutOp(json)
        isAutomatic = try Fields(json).bool("automatic") ?? false
    }

    /// Writes the members into the open object.
    package func write(to writer: inout JSONWriter) {
        op.write(to: &writer)
        writer.flag("automatic", isAutomatic)
    }
}
