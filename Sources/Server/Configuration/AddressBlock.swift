import Glibc

/// A block of IP addresses as `10.0.0.0/8`, `::1/128` or one address alone.
package struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
    private let network: [UInt8]
    private let prefixBits: Int

    /// Reads an address with or without a prefix length; nil for host names and lengths beyond the address.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first, let bytes = Self.bytes(of: String(address)) else { return nil }
        var bits = bytes.count * 8
        if parts.count == 2 {
            guard let length = Int(parts[1]), (0...bits).contains(length) else { return nil }
            bits = length
        }
        network = bytes
        prefixBits = bits
    }

    /// Whether the block holds this address; an IPv4 address mapped into IPv6 counts as itself.
    package func contains(_ address: String) -> Bool {
        guard let bytes = Self.bytes(of: address), bytes.count == network.count else { return false }
        for index in bytes.indices {
            let bits = min(max(prefixBits - index * 8, 0), 8)
            let mask = bits == 0 ? 0 : UInt8.max << (8 - bits)
            if bytes[index] & mask != network[index] & mask { return false }
        }
        return true
    }

    package var description: String {
        network.map(String.init).joined(separator: ".") + "/\(prefixBits)"
    }

    /// The four or sixteen bytes of an address.
    private static func bytes(of text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        let bytes = withUnsafeBytes(of: six) { Array($0) }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes[12...]) : bytes
    }
}
