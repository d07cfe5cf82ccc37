import Protocol
import Realtime
import Store

/// Makes workouts from the days of templates: exercises in their order, each set with its target and why.
struct WorkoutPlanning: Sendable {
    /// Which day of which template; the week is found out unless it is told.
    struct Request: Sendable, Hashable {
        let template: TemplateID
        let week: Int?
        let day: Int
    }

    /// A workout that is about to be made.
    struct Draft: Sendable {
        let name: String
        let entries: [EntryDetails]
        let notes: [EntryID: String]
        let plan: WorkoutPlans.Plan
    }

    let templates: Templates
    let use: WorkoutUse
    let racks: PlateRacks
    let now: @Sendable () -> Timestamp

    /// What a day asks for, resolved for the athlete.
    ///
    /// - Throws: `invalidValues` for a template that the athlete may not see or a day that it does not have.
    func draft(
        _ request: Request, of workout: WorkoutID, for user: UserID, _ seed: CallSeed
    ) async throws -> Draft {
        let (template, week) = try await choice(request, of: workout, for: user, seed)
        guard let day = template.day(request.day, ofWeek: week) else {
            let member = (1...template.lengthWeeks).contains(week) ? "day" : "week"
            throw Self.unknown(member, "The template has no such \(member).")
        }
        let ids = Array(Set(day.exercises.map(\.exerciseId))).sorted()
        let known = try await templates.exercises.exercises(ids, for: user)
        let past = try await use.past(of: ids, by: user, at: now())
        let (rack, _) = try await racks.rack(of: user)
        var draft: (entries: [EntryDetails], plans: [WorkoutPlans.Entry], notes: [EntryID: String]) = ([], [], [:])
        for (place, exercise) in day.exercises.enumerated() {
            let id = workout.derived("entry", place)
            // An exercise that the athlete cannot see (another's own, a deleted one) is only a name to them.
            let seen = known[exercise.exerciseId]
            draft.entries.append(
                EntryDetails(
                    id: id, exerciseId: seen?.id,
                    name: String(exercise.name.unicodeScalars.prefix(100).map(Character.init)),
                    supersetGroup: exercise.supersetGroup.map(Int64.init),
                    restMilliseconds: exercise.restSeconds.map { Int64(($0 * 1000).rounded()) }))
            let targets = SetTargets(
                past: past[exercise.exerciseId] ?? SetTargets.Past(), plates: rack.plates(for: seen?.equipment))
            draft.plans.append(.init(entry: id, targets: targets.planned(for: exercise)))
            draft.notes[id] = exercise.note
        }
        let made = WorkoutTemplate(templateId: template.id, version: template.version, week: week, day: request.day)
        return Draft(
            name: String(day.name.prefix(100)), entries: draft.entries, notes: draft.notes,
            plan: WorkoutPlans.Plan(template: made, entries: draft.plans))
    }

    /// Stores the plan and counts the use, both once.
    func store(_ plan: WorkoutPlans.Plan, of workout: WorkoutID, by user: UserID, at time: Timestamp) async throws {
        try await templates.pool.transaction(attempts: 3) { connection in
            if try WorkoutPlans.store(plan, of: workout, by: user, at: time, connection) {
                try Templates.countUse(of: plan.template.templateId, connection)
            }
        }
    }

    /// The template and its week: for the retry of a call those that its first try has stored, or would find again.
    private func choice(
        _ request: Request, of workout: WorkoutID, for user: UserID, _ seed: CallSeed
    ) async throws -> (Template, week: Int) {
        let first = seed.isRetry ? try await templates.plans.plan(of: workout, by: user)?.template : nil
        guard let template = try await template(request.template, version: first?.version, user) else {
            throw Self.unknown("templateId", "There is no such template.")
        }
        if let week = first?.week ?? request.week { return (template, week) }
        return (template, try await week(request, template, before: workout, user, at: seed.at))
    }

    /// The template as it is, or as it was in a version that the athlete has a workout of.
    private func template(_ id: TemplateID, version: Int?, _ user: UserID) async throws -> Template? {
        guard let version else { return try await templates.template(id, for: user)?.template }
        return try await templates.template(id, version: version, for: user, hasTaken: true)
    }

    /// The week that the athlete is in: that of the latest workout of the template, or the next one when
    /// the day was trained in it; a program that is over begins again.
    private func week(
        _ request: Request, _ template: Template, before workout: WorkoutID, _ user: UserID, at time: Timestamp
    ) async throws -> Int {
        let latest = try await templates.plans.latestWeek(of: template.id, user, before: workout, at: time)
        guard let (week, days) = latest else { return 1 }
        guard days.contains(request.day) else { return min(week, template.lengthWeeks) }
        return week < template.lengthWeeks ? week + 1 : 1
    }

    private static func unknown(_ member: String, _ detail: String) -> Problem {
        let fault = Problem.Fault(pointer: "/\(member)", code: .unknownReference, detail: detail)
        return Problem(.invalidValues, errors: [fault])
    }
}

extension UUIDv7 {
    /// An id that follows from this one: the same each time for the same purpose and place, with the same time.
    func derived(_ purpose: StaticString, _ place: Int) -> UUIDv7 {
        func hash(_ seed: UInt64) -> UInt64 {
            "\(description)\n\(purpose)\n\(place)".utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        }
        return UUIDv7.stamped(
            time, random: hash(0xcbf2_9ce4_8422_2325), tail: hash(0x8422_2325_cbf2_9ce4))
    }
}

extension Workout {
    /// The workout with what was aimed at beside what was done.
    func with(_ plan: WorkoutPlans.Plan?) -> Workout {
        guard let plan else { return self }
        var workout = self
        workout.template = plan.template
        let targets = Dictionary(plan.entries.map { ($0.entry, $0.targets) }, uniquingKeysWith: { first, _ in first })
        workout.exercises = exercises.map { exercise in
            var exercise = exercise
            exercise.targets = targets[exercise.id] ?? []
            return exercise
        }
        return workout
    }
}
