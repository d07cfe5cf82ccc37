/// What was agreed of permessage-deflate (RFC 7692): neither side keeps a context between messages.
struct DeflateAgreement: Equatable {
    /// The window of what the server sends, 9…15 bits.
    var windowBits: UInt8 = 15
    /// Whether the client asked for a window, so that the answer must name it.
    var namesWindow = false

    /// The value of the answer's `Sec-WebSocket-Extensions`.
    var answer: String {
        let base = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        return namesWindow ? base + "; server_max_window_bits=\(windowBits)" : base
    }

    /// The first offer that this server can keep, of the request's `Sec-WebSocket-Extensions` values.
    /// Offers with unknown, repeated or wrong parameters are passed over, as is a window of 8 bits, which zlib lacks.
    static func from(offers values: [String]) -> DeflateAgreement? {
        for value in values {
            for offer in value.split(separator: ",") {
                if let agreement = agreement(to: offer) { return agreement }
            }
        }
        return nil
    }

    private static func agreement(to offer: Substring) -> DeflateAgreement? {
        let parts = offer.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmed() }
        guard let name = parts.first, name.lowercased() == "permessage-deflate" else { return nil }
        var agreement = DeflateAgreement()
        var seen: Set<String> = []
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = pair.first?.trimmed().lowercased(), seen.insert(key).inserted else { return nil }
            let value = pair.count == 2 ? pair[1].trimmed().unquoted() : nil
            switch key {
            case "server_no_context_takeover", "client_no_context_takeover":
                guard value == nil else { return nil }
            case "client_max_window_bits":
                // Whatever the client's window is, ours of 32 KiB reads it.
                if let value { guard bits(value) != nil else { return nil } }
            case "server_max_window_bits":
                guard let value, let bits = bits(value), bits >= 9 else { return nil }
                agreement.windowBits = bits
                agreement.namesWindow = true
            default:
                return nil
            }
        }
        return agreement
    }

    private static func bits(_ value: Substring) -> UInt8? {
        guard value.first != "0", value.first != "+", let bits = UInt8(value), (8...15).contains(bits) else {
            return nil
        }
        return bits
    }
}

extension Substring {
    /// Without the spaces and tabs around it.
    func trimmed() -> Substring {
        var rest = self
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest
    }

    /// The content of a quoted string without escapes, or itself.
    fileprivate func unquoted() -> Substring {
        guard count >= 2, first == "\"", last == "\"" else { return self }
        return dropFirst().dropLast()
    }
}
