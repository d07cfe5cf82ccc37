import Glibc
import Logging
import Protocol
import Store

/// Keeps ops on disk that a drain could not store, and offers them again at the next start.
///
/// The space is set aside at the start, so that a disk that is full by the time of the drain still takes them.
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
    let reserveBytes: Int
    let patience: Duration
    let logger: Logger

    /// - Parameters:
    ///   - directory: an existing directory of the server's own.
    ///   - reserveBytes: what `prepare` sets aside.
    ///   - patience: how long a workout that cannot be opened, while storage is there, is tried.
    package init(directory: String, reserveBytes: Int = 0, patience: Duration = .seconds(60), logger: Logger) {
        self.directory = directory
        self.reserveBytes = reserveBytes
        self.patience = patience
        self.logger = logger
    }

    /// Space on disk that the next drain writes into.
    private var reserve: String { "\(directory)/reserve" }

    /// Takes over what a drain had begun to write when its process was ended, and sets space aside for the next one.
    ///
    /// A disk without that space is no reason not to start: the log says so, and the drain tries without.
    package func prepare() {
        do throws(Failure) {
            if let bytes = try? contents(of: reserve), SpillFrames.begin(bytes) {  // None is there at the first start.
                try renameDurably(reserve, to: "\(directory)/0-\(UUIDv7.make()).ops")
            }
            try setAside()
        } catch {
            logger.warning(
                "no space is set aside for ops that a drain cannot store",
                metadata: ["error": "\(error)", "spill.bytes": "\(reserveBytes)"])
        }
    }

    private func setAside() throws(Failure) {
        guard reserveBytes > 0 else { return }
        let file = Glibc.open(reserve, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("create", reserve) }
        defer { Glibc.close(file) }
        let status = posix_fallocate(file, 0, off_t(reserveBytes))
        guard status == 0 else {
            unlink(reserve)
            throw Failure(description: "cannot set space aside in \(reserve): \(String(cString: strerror(status)))")
        }
        guard ftruncate(file, off_t(reserveBytes)) == 0, fsync(file) == 0 else { throw failure("sync", reserve) }
        try sync(directory, flags: O_RDONLY | O_DIRECTORY)
    }

    package func keep(_ entries: [JournalEntry], at time: Timestamp) throws(Failure) {
        let ops = entries.map { entry in
            SpilledOp(
                workout: entry.workout, athlete: entry.athlete, op: entry.op,
                isAutomatic: entry.event.effects.isAutomatic)
        }
        try keep(ops, at: time)
    }

    /// Writes ops, in order, into a file that is on disk when this returns.
    ///
    /// After a failure what was written stays where `prepare` finds it: a beginning is better than nothing.
    package func keep(_ ops: [SpilledOp], at time: Timestamp) throws(Failure) {
        guard !ops.isEmpty else { return }
        let path = "\(directory)/\(time.milliseconds).ops"
        try write(ops.flatMap(SpillFrames.frame), to: reserve)
        try renameDurably(reserve, to: path)
        logger.warning("ops were kept on disk", metadata: ["spill.file": "\(path)", "spill.ops": "\(ops.count)"])
    }

    /// Writes into the space that was set aside, and gives back the rest of it only once all is there.
    private func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        let file = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("create", path) }
        defer { Glibc.close(file) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write", path) }
            written += count
        }
        guard fsync(file) == 0, ftruncate(file, off_t(bytes.count)) == 0, fsync(file) == 0 else {
            throw failure("sync", path)
        }
    }

    private func renameDurably(_ path: String, to name: String) throws(Failure) {
        guard rename(path, name) == 0 else { throw failure("rename", path) }
        try sync(directory, flags: O_RDONLY | O_DIRECTORY)
    }

    private func sync(_ path: String, flags: Int32) throws(Failure) {
        let file = Glibc.open(path, flags | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", path) }
        defer { Glibc.close(file) }
        guard fsync(file) == 0 else { throw failure("sync", path) }
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
}

extension Spill {
    /// Offers the ops of all files, oldest first. A file goes when each of its ops is durable or a dead letter; one that was
    /// damaged is kept under another name, and the log says what is lost.
    ///
    /// - Throws: when a file cannot be opened, or storage is away; the files stay.
    package func recover(into rooms: Rooms, refusedTo letters: DeadLetters) async throws {
        var stuck: Set<WorkoutID> = []
        for path in try files() {
            let reading = try read(path)
            do {
                for content in reading.contents { try await offer(content, of: path, to: rooms, letters, &stuck) }
            } catch {
                throw Failure(description: "the ops kept in \(path) cannot be stored now, they stay there: \(error)")
            }
            if reading.damaged.isEmpty {
                guard unlink(path) == 0 else { throw failure("remove", path) }
                try sync(directory, flags: O_RDONLY | O_DIRECTORY)
                logger.info(
                    "kept ops were stored",
                    metadata: ["spill.file": "\(path)", "spill.ops": "\(reading.contents.count)"])
            } else {
                try setAside(damaged: path, reading)
            }
        }
    }

    func read(_ path: String) throws(Failure) -> SpillFrames.Reading { SpillFrames.read(try contents(of: path)) }

    private func setAside(damaged path: String, _ reading: SpillFrames.Reading) throws(Failure) {
        let kept = "\(path).damaged"
        try renameDurably(path, to: kept)
        logger.error(
            "a file of kept ops was damaged: ops in it are lost unless their devices send them again",
            metadata: [
                "spill.file": "\(kept)", "spill.ops": "\(reading.contents.count)",
                "spill.lostBytes": "\(reading.damaged.reduce(0) { $0 + $1.count })",
                "spill.lostAt": "\(reading.damaged.prefix(20).map { "\($0.lowerBound)…\($0.upperBound)" })",
            ])
    }

    /// - Parameter stuck: workouts that could not be opened for so long that they are not waited for again.
    private func offer(
        _ content: SpillFrames.Content, of path: String, to rooms: Rooms, _ letters: DeadLetters,
        _ stuck: inout Set<WorkoutID>
    ) async throws {
        switch content {
        case .op(let spilled):
            do throws(Refusal) {
                try await offer(spilled, to: rooms, within: stuck.contains(spilled.workout) ? .zero : patience)
            } catch {
                // What an op of the same file should have made was refused for good, so this will never be known either. And
                // a workout that stays out of reach while storage takes the letter is no reason not to start.
                let isGivenUp = [.unknownTarget, .unavailable].contains(error.code)
                guard !error.code.isTemporary || isGivenUp else { throw error }
                if error.code == .unavailable { stuck.insert(spilled.workout) }
                logger.error(
                    "a kept op was refused, and is a dead letter now",
                    metadata: ["op.id": "\(spilled.op.id)", "spill.file": "\(path)", "error": "\(error.message)"])
                try await letters.insert(
                    DeadLetters.NewLetter(spilled, reason: "refused after a drain: \(error.message)"))
            }
        case .unreadable(let payload, let workout, let athlete, let reason):
            logger.error(
                "a kept op cannot be read, and is a dead letter now",
                metadata: ["spill.file": "\(path)", "error": "\(reason)"])
            try await letters.insert(
                DeadLetters.NewLetter(
                    unreadable: payload, of: workout, athlete, reason: "unreadable after a drain: \(reason)"))
        }
    }

    /// Offers an op as often as it takes while its room is being recovered: one that Postgres refuses stops the room, is a
    /// dead letter then, and is refused for good when it comes the next time.
    private func offer(_ spilled: SpilledOp, to rooms: Rooms, within patience: Duration) async throws(Refusal) {
        let deadline = ContinuousClock.now + patience
        var backOff = BackOff()
        while true {
            do throws(Refusal) {
                return try await rooms.submitAgain(
                    spilled.kept, to: spilled.workout, by: spilled.athlete, isRetry: false, within: .seconds(30))
            } catch {
                guard error.code == .unavailable, ContinuousClock.now < deadline else { throw error }
                // A pause that ends early only has the op offered sooner.
                try? await Task.sleep(for: backOff.next())
                if Task.isCancelled { throw error }
            }
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
}
