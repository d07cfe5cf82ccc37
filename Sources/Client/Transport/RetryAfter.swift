import Protocol

/// The `Retry-After` header (RFC 9110, section 10.2.3) in seconds.
enum RetryAfter {
    /// What a server may make us wait at most.
    static let most = 86_400

    /// Nil without the header, and for a date.
    static func seconds(_ header: String?) -> Int? {
        guard let header, let seconds = Int(header) else { return nil }
        return seconds.clamped(to: 0...most)
    }
}
