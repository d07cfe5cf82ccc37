import HTTPTypes
import Protocol
import Realtime
import Store

/// `/v1/workouts`: workouts and their steps; every write goes through the workout's room and answers when durable.
struct WorkoutRoutes: Sendable {
    let rooms: Rooms
    let history: WorkoutHistory
    let planning: WorkoutPlanning

    private static let writes = RouteOptions(
        problems: [.notFound, .wrongState, .invalidValues, .limitReached], limit: .write, isKeyed: true,
        caching: .tagged)

    func declare(on routes: inout RouteTable) {
        let writes = WorkoutRoutes.writes
        var creates = writes
        // A retry of a call whose workout was deleted meanwhile finds none.
        creates.problems = [.idTaken, .opIdReused, .limitReached, .notFound]
        routes.get("/v1/workouts", "One's workouts, planned ones first, then the latest", use: list)
        routes.post(
            "/v1/workouts", "Starts a workout, or plans one for a day", status: .created, creates, use: create)
        routes.get(
            "/v1/workouts/:id", "A workout, as the caller may see it",
            RouteOptions(hasFields: true, caching: .tagged), use: workout)
        var changes = writes
        changes.problems.append(.preconditionFailed)
        routes.put("/v1/workouts/:id", "Changes name, notes, visibility and times", changes, use: change)
        routes.delete("/v1/workouts/:id", "Deletes a workout for good", writes, use: delete)
        step("start", "Starts a planned workout", &routes) { _ in .start(WorkoutDetails()) }
        step("pause", "Pauses", &routes) { _ in .pause }
        step("resume", "Goes on after a pause", &routes) { _ in .resume }
        step("complete", "Completes; answers summary and records", &routes) { .complete(rpeTenths: $0.rpeTenths) }
        step("abandon", "Gives up", &routes) { _ in .abandon }
        WorkoutEntryRoutes(rooms: rooms).declare(on: &routes, writes: writes, changes: changes)
    }

    private func list(_ call: Call<SignedInUser, WorkoutQuery, NoBody>) async throws -> Answer<Page<WorkoutItem>> {
        Answer(try await history.list(of: call.caller.id, call.query))
    }

    private func create(_ call: Call<SignedInUser, NoQuery, NewWorkout>) async throws -> Answer<Workout> {
        let body = call.body
        let id = body.id ?? call.seed.id("workout")
        var details = body.details
        var draft: WorkoutPlanning.Draft?
        if let request = body.template {
            do {
                draft = try await planning.draft(request, of: id, for: call.caller.id, call.seed)
            } catch let problem as Problem {
                // The template is gone since an earlier try began: the workout stands as far as that got.
                guard try await rooms.hasBegun(call, in: id) else { throw problem }
                return try await made(id, by: call)
            }
            details.name = details.name ?? draft?.name
        }
        let action: WorkoutAction = body.plannedFor == nil ? .start(details) : .plan(details)
        do throws(Problem) {
            try await rooms.submit(action, to: id, at: body.startedAt, by: call)
        } catch {
            // The id names a workout that exists, the caller's or somebody else's.
            let isTaken = error.known == .notFound || error.known == .wrongState
            throw isTaken ? Problem(.idTaken) : error
        }
        if let draft { try await fill(id, from: draft, by: call) }
        return try await made(id, by: call)
    }

    private func made(_ id: WorkoutID, by call: Call<SignedInUser, NoQuery, NewWorkout>) async throws -> Answer<Workout>
    {
        var answer = try await answer(id, for: call)
        answer.headers[.location] = "/v1/workouts/\(id)"
        return answer
    }

    /// Adds the exercises of a training day; ops and ids follow from the call, so that a repeat under its key finds
    /// what is done already.
    private func fill(
        _ id: WorkoutID, from draft: WorkoutPlanning.Draft, by call: Call<SignedInUser, NoQuery, NewWorkout>
    ) async throws {
        let seed = call.seed.id("plan")
        // Before the entries: what is read between the two has another version than what is read afterwards.
        try await planning.store(draft.plan, of: id, by: call.caller.id, at: call.seed.at)
        for (place, entry) in draft.entries.enumerated() {
            try await rooms.submit(.addEntry(entry), op: seed.derived("entry", place), to: id, by: call)
            guard let note = draft.notes[entry.id] else { continue }
            let action = WorkoutAction.note(entry: entry.id, text: note, isShared: false)
            try await rooms.submit(action, op: seed.derived("note", place), to: id, by: call)
        }
    }

    /// The workout as the caller may see it, the caller's own with what is aimed at.
    private func answer<Query, Body>(
        _ id: WorkoutID, for call: Call<SignedInUser, Query, Body>
    ) async throws -> Answer<Workout> {
        var answer = try await rooms.answer(id, for: call)
        guard answer.output.userId == call.caller.id else { return answer }
        answer.output = answer.output.with(try await planning.templates.plans.plan(of: id, by: call.caller.id))
        return answer
    }

    private func workout(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<Workout> {
        try await answer(try call.id("id"), for: call)
    }

    private func change(_ call: Call<SignedInUser, NoQuery, WorkoutChange>) async throws -> Answer<Workout> {
        let id = try call.id("id")
        let body = call.body
        let before = try await rooms.ownView(id, for: call)
        var version = try await rooms.version(of: before, for: call, purposes: ["op", "note"])
        if body.details != WorkoutDetails() {
            try await rooms.submit(.update(body.details), to: id, by: call, as: &version)
        }
        if body.notes != nil || body.sharesNotes != nil {
            let note = WorkoutAction.note(
                entry: nil, text: body.notes ?? before.state.note?.text ?? "",
                isShared: body.sharesNotes ?? before.state.note?.isShared ?? false)
            try await rooms.submit(note, to: id, by: call, as: &version, purpose: "note")
        }
        return try await answer(id, for: call)
    }

    private func delete(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        try await rooms.submit(.delete, to: try call.id("id"), by: call)
        return .done
    }

    private func step(
        _ name: String, _ summary: String, _ routes: inout RouteTable,
        _ action: @escaping @Sendable (WorkoutStep) -> WorkoutAction
    ) {
        let own = self
        routes.post("/v1/workouts/:id/\(name)", summary, WorkoutRoutes.writes) {
            (call: Call<SignedInUser, NoQuery, OptionalBody<WorkoutStep>>) in
            let id = try call.id("id")
            let step = call.body.value
            // The op that starts a workout makes one where the id is new; this route takes steps of what there is.
            _ = try await own.rooms.ownView(id, for: call)
            try await own.rooms.submit(action(step), to: id, at: step.at, by: call)
            return try await own.answer(id, for: call)
        }
    }
}

extension Rooms {
    /// Submits one op of a call and waits until it is durable; under an `Idempotency-Key` a repeat has the same opId.
    func submit<Query, Body>(
        _ action: WorkoutAction, to id: WorkoutID, at time: Timestamp? = nil,
        by call: Call<SignedInUser, Query, Body>, purpose: StaticString = "op"
    ) async throws(Problem) {
        try await submit(action, op: call.seed.id(purpose), to: id, at: time, by: call)
    }

    /// Submits one op of a call with `If-Match`, which holds for the first of its ops: those behind follow that one.
    func submit<Query, Body>(
        _ action: WorkoutAction, to id: WorkoutID, at time: Timestamp? = nil,
        by call: Call<SignedInUser, Query, Body>, as version: inout WorkoutVersion, purpose: StaticString = "op"
    ) async throws(Problem) {
        try await submit(action, op: call.seed.id(purpose), to: id, at: time, by: call, onlyAfter: version.seq)
        version.seq = nil
    }

    /// Submits one op under an id of its own and waits until it is durable.
    ///
    /// - Throws: `preconditionFailed` when the workout has gone on beyond `seq`.
    func submit<Query, Body>(
        _ action: WorkoutAction, op: OpID, to id: WorkoutID, at time: Timestamp? = nil,
        by call: Call<SignedInUser, Query, Body>, onlyAfter seq: Int64? = nil
    ) async throws(Problem) {
        let op = WorkoutOp(id: op, at: time ?? call.seed.at, action: action)
        let answer: OpAnswer?
        do throws(Refusal) {
            answer = try await submit(
                op, to: id, by: call.caller.id, onlyAfter: seq, isRetry: call.seed.isRetry)
        } catch {
            throw Problem(error)
        }
        if answer == nil { throw Problem(.preconditionFailed) }
        call.seed.noteChange()
    }

    /// Whether an earlier try of the call has got as far as one of its ops.
    func hasBegun<Query, Body>(
        _ call: Call<SignedInUser, Query, Body>, in id: WorkoutID, purposes: [StaticString] = ["op"]
    ) async throws(Problem) -> Bool {
        guard call.seed.isRetry else { return false }
        do throws(Refusal) {
            return try await hasTaken(purposes.map(call.seed.id), in: id, of: call.caller.id)
        } catch {
            guard error.code == .noSuchRoom else { throw Problem(error) }
            return false
        }
    }

    /// The version that the call's `If-Match` asks for, any one without it or once its ops have begun to change it.
    ///
    /// - Throws: `preconditionFailed` for another version than that of the view.
    func version<Query, Body>(
        of view: WorkoutView, for call: Call<SignedInUser, Query, Body>, purposes: [StaticString] = ["op"]
    ) async throws(Problem) -> WorkoutVersion {
        if try await hasBegun(call, in: view.id, purposes: purposes) { return WorkoutVersion() }
        try call.checkMatch(EntityTag(view, for: view.athlete.userId))
        return WorkoutVersion(seq: call.facts.headers[.ifMatch] == nil ? nil : view.seq)
    }

    /// The workout as the caller may see it; `notFound` for what there is not or may not be known.
    func view<Query, Body>(
        _ id: WorkoutID, for call: Call<SignedInUser, Query, Body>
    ) async throws(Problem) -> WorkoutView {
        do throws(Refusal) {
            return try await view(id, for: call.caller.id)
        } catch {
            throw Problem(error)
        }
    }

    /// The same for a workout of the caller's own; others' are `notFound`.
    func ownView<Query, Body>(
        _ id: WorkoutID, for call: Call<SignedInUser, Query, Body>
    ) async throws(Problem) -> WorkoutView {
        let view = try await view(id, for: call)
        guard view.athlete.userId == call.caller.id else { throw Problem(.notFound) }
        return view
    }

    func answer<Query, Body>(
        _ id: WorkoutID, for call: Call<SignedInUser, Query, Body>
    ) async throws(Problem) -> Answer<Workout> {
        let view = try await view(id, for: call)
        return Answer(Workout(view, for: call.caller.id), entityTag: EntityTag(view, for: call.caller.id))
    }
}

/// Which version of a workout the ops of one call are for.
struct WorkoutVersion: Sendable {
    /// The last event of that version; nil for any version.
    var seq: Int64?
}

extension EntityTag {
    /// A workout's version is the place in its history, and the records that it holds: those move with other workouts.
    ///
    /// What the viewer may not know of a record is not in it: a hash of so few values tells which one it was.
    init(_ view: WorkoutView, for viewer: UserID) {
        var version = "\(view.epoch).\(view.seq)"
        let records = view.records(for: viewer)
        if !records.isEmpty {
            let records = records.map { record in
                let previous = record.previousGrams.map { "\($0)" } ?? "-"
                return "\(record.kind.rawValue) \(record.setId) \(record.grams) \(previous)\n"
            }
            version += "." + String(StableHash.of(records.joined().utf8), radix: 36)
        }
        self.init(version)
    }
}
