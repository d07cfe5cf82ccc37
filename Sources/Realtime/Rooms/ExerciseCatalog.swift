import Protocol

/// The exercise library as rooms need it, in memory.
package struct ExerciseCatalog: Sendable {
    private let exercises: [ExerciseID: ExerciseFacts]

    package init(_ exercises: [ExerciseFacts]) {
        self.exercises = Dictionary(exercises.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    }

    package subscript(id: ExerciseID) -> ExerciseFacts? { exercises[id] }
}
