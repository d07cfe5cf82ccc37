import HTTPTypes
import Protocol
import Realtime

/// `/v1/workouts/:id/exercises` and their sets; `:exerciseId` is the place of an exercise in the workout.
struct WorkoutEntryRoutes: Sendable {
    let rooms: Rooms

    /// - Parameter changes: of PUTs, which take `If-Match` with the workout's tag.
    func declare(on routes: inout RouteTable, writes: RouteOptions, changes: RouteOptions) {
        var creates = writes
        creates.problems.append(.idTaken)
        routes.post(
            "/v1/workouts/:id/exercises", "Adds an exercise", status: .created, creates, use: addEntry)
        routes.put(
            "/v1/workouts/:id/exercises/:exerciseId", "Changes order, superset group, rest and note", changes,
            use: changeEntry)
        routes.delete(
            "/v1/workouts/:id/exercises/:exerciseId", "Removes an exercise with its sets", writes, use: removeEntry)
        routes.post(
            "/v1/workouts/:id/exercises/:exerciseId/sets", "Logs a set", status: .created, creates, use: logSet)
        routes.put(
            "/v1/workouts/:id/exercises/:exerciseId/sets/:setId", "Replaces a set's values", changes, use: changeSet)
        routes.delete(
            "/v1/workouts/:id/exercises/:exerciseId/sets/:setId", "Deletes a set", writes, use: deleteSet)
    }

    private func addEntry(_ call: Call<SignedInUser, NoQuery, NewEntry>) async throws -> Answer<WorkoutExercise> {
        let id = try call.id("id")
        let body = call.body
        let entry = body.id ?? call.seed.id("entry")
        let details = EntryDetails(
            id: entry, exerciseId: body.exerciseId, name: body.name, supersetGroup: body.supersetGroup,
            restMilliseconds: body.restMilliseconds)
        try await rooms.submit(.addEntry(details), to: id, by: call)
        var answer = try await self.answer(entry, in: id, for: call)
        answer.headers[.location] = "/v1/workouts/\(id)/exercises/\(entry)"
        return answer
    }

    private func changeEntry(_ call: Call<SignedInUser, NoQuery, EntryChange>) async throws -> Answer<WorkoutExercise> {
        let id = try call.id("id")
        let body = call.body
        let (view, entry) = try await find(in: id, for: call)
        var version = try await rooms.version(of: view, for: call, purposes: ["op", "order", "note"])
        let details = EntryDetails(
            id: entry.id,
            supersetGroup: body.supersetGroup.applied(to: entry.supersetGroup.map { Int($0) }).map(Int64.init),
            restMilliseconds: body.restMilliseconds.applied(to: entry.restMilliseconds))
        if details.supersetGroup != entry.supersetGroup || details.restMilliseconds != entry.restMilliseconds {
            try await rooms.submit(.updateEntry(details), to: id, by: call, as: &version)
        }
        if let position = body.position {
            var order = view.state.entries.filter { !$0.isRemoved && $0.id != entry.id }.map(\.id)
            order.insert(entry.id, at: min(position - 1, order.count))
            try await rooms.submit(.reorderEntries(order), to: id, by: call, as: &version, purpose: "order")
        }
        if body.note != nil || body.sharesNote != nil {
            let note = WorkoutAction.note(
                entry: entry.id, text: body.note ?? entry.note?.text ?? "",
                isShared: body.sharesNote ?? entry.note?.isShared ?? false)
            try await rooms.submit(note, to: id, by: call, as: &version, purpose: "note")
        }
        return try await answer(entry.id, in: id, for: call)
    }

    private func removeEntry(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        let id = try call.id("id")
        // What an earlier try has removed is not there to be found.
        if try await !rooms.hasBegun(call, in: id) { _ = try await find(in: id, for: call) }
        try await rooms.submit(.removeEntry(try call.id("exerciseId")), to: id, by: call)
        return .done
    }

    private func logSet(_ call: Call<SignedInUser, NoQuery, NewSet>) async throws -> Answer<WorkoutSet> {
        let id = try call.id("id")
        let (_, entry) = try await find(in: id, for: call)
        let set = call.body.id ?? call.seed.id("set")
        try await rooms.submit(
            .logSet(set, entry: entry.id, call.body.values), to: id, at: call.body.at, by: call)
        var answer = try await answer(set: set, of: entry.id, in: id, for: call)
        answer.headers[.location] = "/v1/workouts/\(id)/exercises/\(entry.id)/sets/\(set)"
        return answer
    }

    private func changeSet(_ call: Call<SignedInUser, NoQuery, SetReplacement>) async throws -> Answer<WorkoutSet> {
        let id = try call.id("id")
        let (view, entry) = try await find(in: id, for: call)
        var version = try await rooms.version(of: view, for: call)
        let set = try known(call.id("setId"), of: entry)
        try await rooms.submit(
            .updateSet(set.id, call.body.values), to: id, at: call.body.at, by: call, as: &version)
        return try await answer(set: set.id, of: entry.id, in: id, for: call)
    }

    private func deleteSet(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        let id = try call.id("id")
        let set = try call.id("setId")
        if try await !rooms.hasBegun(call, in: id) {
            let (_, entry) = try await find(in: id, for: call)
            _ = try known(set, of: entry)
        }
        try await rooms.submit(.deleteSet(set), to: id, by: call)
        return .done
    }

    /// The entry that the path names, of a workout of the caller's own.
    private func find<Body>(
        in id: WorkoutID, for call: Call<SignedInUser, NoQuery, Body>
    ) async throws(Problem) -> (WorkoutView, WorkoutState.Entry) {
        let view = try await rooms.ownView(id, for: call)
        let wanted = try call.id("exerciseId")
        guard let entry = view.state.entries.first(where: { $0.id == wanted && !$0.isRemoved }) else {
            throw Problem(.notFound)
        }
        return (view, entry)
    }

    private func known(_ id: SetID, of entry: WorkoutState.Entry) throws(Problem) -> WorkoutState.LoggedSet {
        guard let set = entry.sets.first(where: { $0.id == id && !$0.isDeleted }) else { throw Problem(.notFound) }
        return set
    }

    private func answer<Body>(
        _ entry: EntryID, in id: WorkoutID, for call: Call<SignedInUser, NoQuery, Body>
    ) async throws(Problem) -> Answer<WorkoutExercise> {
        let view = try await rooms.ownView(id, for: call)
        guard let entry = view.state.entries.first(where: { $0.id == entry }) else { throw Problem(.notFound) }
        return Answer(WorkoutExercise(entry, isOwn: true), entityTag: EntityTag(view, for: view.athlete.userId))
    }

    private func answer<Body>(
        set id: SetID, of entry: EntryID, in workout: WorkoutID, for call: Call<SignedInUser, NoQuery, Body>
    ) async throws(Problem) -> Answer<WorkoutSet> {
        let view = try await rooms.ownView(workout, for: call)
        guard let place = view.state.position(ofSet: id) else { throw Problem(.notFound) }
        return Answer(
            WorkoutSet(view.state.entries[place.entry].sets[place.set]),
            entityTag: EntityTag(view, for: view.athlete.userId))
    }
}
