import Protocol

/// Looks over a log before anything is changed: that it is one, and that its numbers mean something.
enum ImportScan {
    /// Of rows that cannot be read, a file with more is refused as a whole.
    static let limits = TrainingLog.Limits(rowBytes: 65536, faults: 2000, workoutRows: 5000)

    /// Reads the file, or its first `sizeBytes`.
    ///
    /// - Throws: `malformedBody` for what is no training log, `unitRequired` where the caller has to name a unit.
    static func check(_ file: ImportFile, _ options: ImportOptions, upTo sizeBytes: Int) async throws {
        var reader = TrainingLogReader(limits: limits)
        var units = UnitCheck(options: options)
        var offset = 0
        do {
            while offset < sizeBytes {
                let piece = try await file.piece(offset)
                guard !piece.isEmpty else { break }
                offset += piece.count
                units.see(try reader.read(piece))
            }
            if offset >= file.sizeBytes { units.see(try reader.finish()) }
        } catch let fault as TrainingLog.Fault {
            throw problem(fault)
        }
        guard reader.layout != nil else {
            throw problem(offset == 0 ? "The file is empty." : "No row of it could be read.", line: 1)
        }
        if !units.faults.isEmpty { throw Problem(.unitRequired, errors: units.faults) }
    }

    static func problem(_ fault: TrainingLog.Fault) -> Problem {
        problem("The file cannot be read: \(fault.detail).", line: fault.line)
    }

    private static func problem(_ detail: String, line: Int) -> Problem {
        Problem(.malformedBody, detail: "Line \(line): \(detail)")
    }

    /// Looks for values whose unit nobody named.
    private struct UnitCheck {
        let options: ImportOptions
        private var weightLine: Int?
        private var distanceLine: Int?

        init(options: ImportOptions) { self.options = options }

        mutating func see(_ workouts: [TrainingLog.Workout]) {
            for workout in workouts {
                for exercise in workout.exercises {
                    for set in exercise.sets { see(set) }
                }
            }
        }

        private mutating func see(_ set: TrainingLog.LoggedSet) {
            if set.weight ?? 0 > 0, set.weightUnit == nil, options.unit == nil { weightLine = weightLine ?? set.line }
            if set.distance != nil, set.distanceUnit == nil, options.distanceUnit == nil {
                distanceLine = distanceLine ?? set.line
            }
        }

        var faults: [Problem.Fault] {
            func fault(_ name: String, _ what: String, _ line: Int) -> Problem.Fault {
                Problem.Fault(
                    pointer: "?\(name)", code: .required,
                    detail: "The file does not say in which unit its \(what) are, as on line \(line).")
            }
            return [
                weightLine.map { fault("unit", "weights", $0) },
                distanceLine.map { fault("distanceUnit", "distances", $0) },
            ].compactMap { $0 }
        }
    }
}
