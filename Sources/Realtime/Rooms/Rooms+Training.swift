import Logging
import Protocol

/// Own exercises that go when the last room lets go of them.
struct OwnExercisesReference {
    weak var exercises: OwnExercises?
}

// Changes of exercises, from the feature that owns them; in effect when the call returns.
extension Rooms {
    /// An exercise was made or changed: of the library, or a user's own.
    package func exerciseChanged(_ exercise: ExerciseCatalog.Entry, owner: UserID?) async {
        guard let owner else { return context.catalog.learn(exercise) }
        guard let own = ownExercises[owner]?.exercises else { return }
        own.learn(exercise)
        guard own.isOverfull else { return }
        do { try await read(own, of: owner) } catch {
            // They stay as many as they are; the next change or opening reads them.
            context.logger.warning("a user's exercises could not be read", metadata: ["error": "\(error.message)"])
        }
    }

    /// The athlete's own exercises, for a room that is being opened: one copy for all rooms of the athlete.
    ///
    /// Known before they are read, so that a change that comes meanwhile reaches them.
    func ownExercises(of athlete: UserID) async throws(Refusal) -> OwnExercises {
        let own = ownExercises[athlete]?.exercises ?? OwnExercises(share: context.memory.share(of: athlete))
        ownExercises[athlete] = OwnExercisesReference(exercises: own)
        if own.isDue { try await read(own, of: athlete) }
        return own
    }

    private func read(_ own: OwnExercises, of athlete: UserID) async throws(Refusal) {
        do { try await own.read { [context] in try await context.catalog.exercises(of: athlete) } } catch {
            context.logger.warning("a user's exercises could not be read", metadata: ["error": "\(error)"])
            throw Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000)
        }
    }
}

// What a body weighs, from the feature that measures it; in effect when the call returns.
extension Rooms {
    /// An athlete's measurements changed: exercises that are added from now on count with the new weight.
    package func bodyChanged(_ athlete: UserID) async {
        bodyChanges += 1
        bodyVersions.changed(athlete)
        await weigh(athlete, in: openRooms(of: athlete))
    }

    /// Weight that cannot be read stays as it was: the change is stored, and the next opening reads it.
    func weigh(_ athlete: UserID, in rooms: [WorkoutRoom]) async {
        guard !rooms.isEmpty else { return }
        do {
            var version: UserVersions.Version
            repeat {
                version = bodyVersions.version(of: athlete)
                let grams = try await people.bodyWeightGrams(athlete)
                for room in rooms { await room.weigh(grams) }
                // A change that came meanwhile may have been read and told before this older reading.
            } while version != bodyVersions.version(of: athlete)
        } catch {
            context.logger.warning("a body weight could not be read", metadata: ["error": "\(error)"])
        }
    }
}
