import Store

extension Relations {
    /// Friendships and requests, and whom the user blocked; who blocked the user is not theirs to know.
    static let exportParts = [
        ExportPart(
            "friendships", tables: ["friendships"],
            columns: [
                ExportColumn("userId", "case when f.me = f.low then f.high else f.low end"), "f.state",
                ExportColumn("wasAskedByMe", "f.requested_by = f.me"), "f.requested_at", "f.changed_at",
            ], key: [.id("f.low"), .id("f.high")]
        ) { user in
            "from (select *, \(user)::uuid as me from friendships where low = \(user) or high = \(user)) f where true"
        },
        ExportPart(
            "blocks", tables: ["blocks"], columns: [ExportColumn("userId", "blocked"), "blocked_at"],
            omitted: ["blocker"], key: [.id("blocked")]
        ) { user in "from blocks where blocker = \(user)" },
    ]
}
