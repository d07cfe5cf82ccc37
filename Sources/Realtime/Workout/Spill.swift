import CZlib
import Glibc
import Logging
import Protocol
import Store

/// Keeps ops on disk that a drain could not store, and offers them again at the next start.
///
/// A file holds frames: length and CRC-32 of the payload as big-endian 32-bit words, then the payload, one op as JSON. A
/// torn tail ends the file.
package struct Spill: Sendable {
    /// An op with the workout and athlete it belongs to.
    package struct SpilledOp: Sendable, Hashable {
        package let workout: WorkoutID
        package let athlete: UserID
        package let kept: KeptOp

        package var op: WorkoutOp { kept.op }

        package init(workout: WorkoutID, athlete: UserID, op: WorkoutOp, isAutomatic: Bool = false) {
            self.init(workout: workout, athlete: athlete, KeptOp(op, isAutomatic: isAutomatic))
        }

        init(workout: WorkoutID, athlete: UserID, _ kept: KeptOp) {
            self.workout = workout
            self.athlete = athlete
            self.kept = kept
        }
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    let directory: String
    let logger: Logger

    /// - Parameter directory: an existing directory of the server's own.
    package init(directory: String, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    package func keep(_ entries: [JournalEntry], at time: Timestamp) throws(Failure) {
        let ops = entries.map { entry in
            SpilledOp(
                workout: entry.workout, athlete: entry.athlete, op: entry.op,
                isAutomatic: entry.event.effects.isAutomatic)
        }
        try keep(ops, at: time)
    }

    /// Writes ops, in order, into a new file that is on disk when this returns.
    package func keep(_ ops: [SpilledOp], at time: Timestamp) throws(Failure) {
        guard !ops.isEmpty else { return }
        let path = "\(directory)/\(time.milliseconds).ops"
        try write(ops.flatMap(Self.frame), to: path)
        try sync(directory, flags: O_RDONLY | O_DIRECTORY)
        logger.warning("ops were kept on disk", metadata: ["spill.file": "\(path)", "spill.ops": "\(ops.count)"])
    }

    private static func frame(_ spilled: SpilledOp) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("workoutId", spilled.workout)
            writer.member("userId", spilled.athlete)
            writer.member("op") { spilled.kept.write(to: &$0) }
        }
        let payload = writer.bytes
        return bigEndian(UInt32(payload.count)) + bigEndian(checksum(payload[...])) + payload
    }

    private func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        let file = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("create", path) }
        defer { Glibc.close(file) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw failure("write", path) }
            written += count
        }
        guard fsync(file) == 0 else { throw failure("sync", path) }
    }

    private func sync(_ path: String, flags: Int32) throws(Failure) {
        let file = Glibc.open(path, flags | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", path) }
        defer { Glibc.close(file) }
        guard fsync(file) == 0 else { throw failure("sync", path) }
    }

    /// Offers the ops of all files, oldest first, and removes each file when its ops are durable, refused for good or dead letters.
    ///
    /// - Throws: when a file cannot be read, or storage is away; the files stay.
    package func recover(into rooms: Rooms) async throws {
        for path in try files() {
            let ops = try read(path)
            for spilled in ops { try await offer(spilled, to: rooms) }
            guard unlink(path) == 0 else { throw failure("remove", path) }
            try sync(directory, flags: O_RDONLY | O_DIRECTORY)
            logger.info("kept ops were stored", metadata: ["spill.file": "\(path)", "spill.ops": "\(ops.count)"])
        }
    }

    private func offer(_ spilled: SpilledOp, to rooms: Rooms) async throws {
        do throws(Refusal) {
            try await rooms.submitAgain(spilled.kept, to: spilled.workout, by: spilled.athlete, within: .seconds(30))
        } catch {
            // What an op of the same file should have made was refused for good, so this will never be known either.
            guard error.code.isTemporary, error.code != .unknownTarget else {
                return logger.error(
                    "a kept op was refused",
                    metadata: ["op.id": "\(spilled.op.id)", "error": "\(error.message)"])
            }
            throw error
        }
    }

    private func files() throws(Failure) -> [String] {
        guard let folder = opendir(directory) else { throw failure("list", directory) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".ops") { names.append(name) }
        }
        return names.sorted().map { "\(directory)/\($0)" }
    }

    /// The ops of one file, up to a torn tail.
    func read(_ path: String) throws -> [SpilledOp] {
        let bytes = try contents(of: path)
        var ops: [SpilledOp] = []
        var rest = bytes[...]
        while rest.count >= 8 {
            let length = Int(Self.word(rest))
            let sum = Self.word(rest.dropFirst(4))
            let payload = rest.dropFirst(8).prefix(length)
            guard payload.count == length, Self.checksum(payload) == sum else { break }
            let json = try JSONReader.parse(Array(payload))
            let fields = Fields(json)
            ops.append(
                SpilledOp(
                    workout: try fields.required("workoutId", fields.id("workoutId")),
                    athlete: try fields.required("userId", fields.id("userId")),
                    try KeptOp(try fields.object("op").json)))
            rest = rest.dropFirst(8 + length)
        }
        if !rest.isEmpty { logger.warning("a spill file ends in a torn op", metadata: ["spill.file": "\(path)"]) }
        return ops
    }

    private func contents(of path: String) throws(Failure) -> [UInt8] {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", path) }
        defer { Glibc.close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw failure("read", path) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    private func failure(_ what: String, _ path: String) -> Failure {
        Failure(description: "cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32(0, $0.baseAddress, UInt32($0.count))) }
    }

    private static func bigEndian(_ word: UInt32) -> [UInt8] { withUnsafeBytes(of: word.bigEndian) { Array($0) } }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
