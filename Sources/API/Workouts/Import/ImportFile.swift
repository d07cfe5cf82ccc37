import Protocol
import Store

/// The bytes of a log, piece by piece.
struct ImportFile: Sendable {
    /// Held in memory at a time.
    static let pieceBytes = 256 * 1024

    let sizeBytes: Int
    /// The piece that begins at the offset, nothing behind the end.
    let piece: @Sendable (_ offset: Int) async throws -> [UInt8]

    /// One that lies on disk.
    init(_ file: SpooledFile) {
        sizeBytes = file.sizeBytes
        piece = { try await file.read(at: $0, count: Self.pieceBytes) }
    }

    /// One that was kept with its import; every piece but the last has `pieceBytes`.
    init(of id: WorkoutImportID, sizeBytes: Int, in pool: PostgresPool) {
        self.sizeBytes = sizeBytes
        piece = { offset in
            // The last piece is shorter: behind it there is none, though its place would be found again.
            guard offset < sizeBytes else { return [] }
            return try await pool.first(
                """
                select bytes from workout_import_parts
                where import_id = \(id) and place = \(offset / Self.pieceBytes)::integer
                """, as: [UInt8].self) ?? []
        }
    }
}
