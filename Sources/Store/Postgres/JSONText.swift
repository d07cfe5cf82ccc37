/// A JSON document as text, bound to and read from `jsonb` (or `json`).
///
/// Postgres checks it: what is no JSON, or holds `\u0000`, is refused as `StoreError.invalidValue`.
package struct JSONText: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// Takes encoded bytes, as a JSON encoder makes them; ill-formed UTF-8 is replaced.
    package init(bytes: some Collection<UInt8>) {
        text = String(decoding: bytes, as: UTF8.self)
    }
}
