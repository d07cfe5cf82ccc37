import CCrypt

/// Hashes that came with accounts from elsewhere; they are verified, never made.
enum Bcrypt {
    /// Whether a stored hash is bcrypt's current form.
    static func isHash(_ encoded: String) -> Bool { encoded.hasPrefix("$2b$") && encoded.utf8.count == 60 }

    /// Whether the password has this hash; of long ones bcrypt sees the first 72 bytes.
    static func verify(_ password: String, _ encoded: String) -> Bool {
        withUnsafeTemporaryAllocation(
            byteCount: MemoryLayout<crypt_data>.size, alignment: MemoryLayout<crypt_data>.alignment
        ) { scratch in
            scratch.initializeMemory(as: UInt8.self, repeating: 0)
            guard let base = scratch.baseAddress,
                let result = crypt_rn(password, encoded, base, Int32(scratch.count))
            else { return false }
            let (made, stored) = (Array(String(cString: result).utf8), Array(encoded.utf8))
            // In the same time whatever differs.
            return made.count == stored.count && zip(made, stored).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
        }
    }
}
