import Store

/// Where histories are read from: page by page, few at a time, and counted while they are read.
struct HistorySource: Sendable {
    let pool: PostgresPool
    let memory: RoomMemory
    let gate = ReadingGate()

    /// What one page holds at most, in events and in bytes of JSON; the event that reaches the latter is its last.
    static let pageEvents = 1000
    static let pageBytes = 1024 * 1024

    /// About what a page of so many bytes of JSON occupies while it is read: text, bytes and decoded events.
    static func bytes(of page: Int) -> Int { 4 * page }
}
