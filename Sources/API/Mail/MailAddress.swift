/// Who a mail comes from: an address with or without a name before it.
package struct MailAddress: Hashable, Sendable {
    package let name: String
    /// `local@domain`, ASCII.
    package let address: String

    package var domain: String { String(address.drop { $0 != "@" }.dropFirst()) }

    /// Reads `name@example.org` or `FitAI <name@example.org>`; nil for anything else.
    package init?(_ text: String) {
        let text = text.trimmingSpaces()
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return nil }
        var address = text
        var name = ""
        if text.hasSuffix(">"), let open = text.lastIndex(of: "<") {
            address = String(text[text.index(after: open)...].dropLast())
            name = String(text[..<open]).trimmingSpaces()
        }
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = address.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"(),:;<>[]\\".utf8.contains($0) }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, isPlain else { return nil }
        self.name = name
        self.address = address
    }
}
