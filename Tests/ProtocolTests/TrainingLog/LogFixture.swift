import Foundation
import Protocol

/// A training log that is committed with the tests.
enum LogFixture {
    /// An excerpt of the protocol tests.
    static func excerpt(_ name: String) throws -> TrainingLog {
        try read(directory.appendingPathComponent("Fixtures/\(name).csv"))
    }

    /// A whole export, shared by all tests.
    static func whole(_ name: String) throws -> TrainingLog {
        try read(directory.deletingLastPathComponent().appendingPathComponent("Fixtures/logs/\(name).csv"))
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        let file = directory.deletingLastPathComponent().appendingPathComponent("Fixtures/logs/\(name).csv")
        return [UInt8](try Data(contentsOf: file))
    }

    private static func read(_ file: URL) throws -> TrainingLog {
        try TrainingLog(reading: [UInt8](try Data(contentsOf: file)))
    }

    private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
}

extension TrainingLog {
    /// Reads a text.
    init(_ text: String, limits: Limits = Limits()) throws(Fault) {
        try self.init(reading: Array(text.utf8), limits: limits)
    }

    var sets: [LoggedSet] { workouts.flatMap { $0.exercises.flatMap(\.sets) } }
    var repeatedRows: Int { workouts.reduce(0) { $0 + $1.repeatedRows } }
}
