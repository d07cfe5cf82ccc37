/// One step of the schema: a `.sql` file of `Migrations/SQL`, embedded in the binary.
package struct Migration: Sendable, Equatable {
    /// The digits the name begins with; migrations are applied in this order.
    package let number: Int
    /// The file's name without `.sql`, such as `0001_users`.
    package let name: String
    package let sql: String

    /// Takes the bytes of a file. The name must begin with four digits and `_`, the bytes must be UTF-8.
    package init(_ name: String, _ bytes: [UInt8]) {
        let digits = name.prefix { $0 != "_" }
        guard digits.count == 4, let number = Int(digits), let sql = String(validating: bytes, as: UTF8.self) else {
            preconditionFailure("\(name) is no migration")
        }
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// FNV-1a over the file's bytes, in hexadecimal: tells an edited file, not a forged one.
    package var checksum: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in sql.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
