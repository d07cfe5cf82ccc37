import Glibc

/// A range of IPv4 or IPv6 addresses, such as `10.0.0.0/8` or `::1`.
package struct AddressRange: Hashable, Sendable {
    private let bytes: [UInt8]
    private let prefix: Int

    /// Reads an address with or without a prefix length; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = IPAddress.bytes(of: String(parts[0])) else { return nil }
        let isShort = IPAddress.isIPv4(bytes)
        var prefix = 128
        if parts.count > 1 {
            guard let length = Int(parts[1]), length >= 0, length <= (isShort ? 32 : 128) else { return nil }
            prefix = isShort ? 96 + length : length
        }
        self.bytes = bytes
        self.prefix = prefix
    }

    /// Whether the address lies in the range.
    package func contains(_ address: String) -> Bool {
        guard let other = IPAddress.bytes(of: address) else { return false }
        for index in 0..<16 {
            let bits = min(8, max(0, prefix - index * 8))
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
            if bytes[index] & mask != other[index] & mask { return false }
        }
        return true
    }
}

/// The client's address behind proxies: forwarded addresses count only from those that are trusted.
package struct ClientAddress: Sendable {
    private let trusted: [AddressRange]

    package init(trusted: [AddressRange]) { self.trusted = trusted }

    /// The rightmost address that no trusted proxy has.
    package func of(peer: String, forwardedFor: String?) -> String {
        guard isTrusted(peer), let forwardedFor else { return peer }
        var client = peer
        for part in forwardedFor.split(separator: ",").reversed() {
            let address = String(part).trimmingSpaces()
            guard IPAddress.bytes(of: address) != nil else { return client }
            client = address
            if !isTrusted(address) { break }
        }
        return client
    }

    /// What bounds count a connection by; nil for a trusted proxy's, which stands for many.
    package func limitKey(of peer: String) -> String? { isTrusted(peer) ? nil : IPAddress.limitKey(of: peer) }

    /// What bounds count a request by that came from a trusted proxy; nil where it names nobody.
    package func limitKey(behind peer: String, forwardedFor: String) -> String? {
        limitKey(of: of(peer: peer, forwardedFor: forwardedFor))
    }

    private func isTrusted(_ address: String) -> Bool { trusted.contains { $0.contains(address) } }
}

enum IPAddress {
    /// 16 bytes, IPv4 as `::ffff:a.b.c.d`; nil for text that is no address.
    static func bytes(of text: String) -> [UInt8]? {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            let parts = withUnsafeBytes(of: v4.s_addr) { Array($0) }
            return [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + parts
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        return withUnsafeBytes(of: v6) { Array($0) }
    }

    static func isIPv4(_ bytes: [UInt8]) -> Bool {
        bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    }

    /// What limits count by: an IPv4 address, or the /64 an IPv6 one lies in, since its owner has them all.
    static func limitKey(of text: String) -> String {
        guard let bytes = bytes(of: text), !isIPv4(bytes) else { return text }
        return bytes[0..<8].map { String($0, radix: 16) }.joined(separator: ":") + "/64"
    }
}
