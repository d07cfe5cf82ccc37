import Protocol

/// Volume by muscle and week, streaks and load, in the athlete's own calendar.
struct VolumeProgress: Sendable {
    let history: TrainingHistory
    let exercises: Exercises

    /// The latest weeks, this one included, oldest first.
    func weeks(_ count: Int, of user: UserID, _ profile: TrainingProfile) async throws -> [VolumeWeek] {
        let current = profile.weekStart.week(of: profile.today).daysSinceEpoch
        let first = CalendarDate(daysSinceEpoch: current - 7 * (count - 1))
        let last = CalendarDate(daysSinceEpoch: current + 6)
        let zone = profile.timeZone
        let days = try await history.days(of: user, from: first, to: last, zone: zone)
        let sessions = try await history.sessions(of: user, from: first, to: last, zone: zone)
        let facts = try await exercises.facts(of: Array(Set(days.compactMap(\.exercise))), for: user)
        let byWeek = Dictionary(grouping: days) { profile.weekStart.week(of: $0.date) }
        let workouts = Dictionary(grouping: sessions) { profile.weekStart.week(of: $0.date) }
        return (0..<count).map { index in
            let start = CalendarDate(daysSinceEpoch: first.daysSinceEpoch + 7 * index)
            let days = byWeek[start] ?? []
            return VolumeWeek(
                start: start, workouts: workouts[start]?.count ?? 0,
                workingSets: days.reduce(0) { $0 + $1.workingSets },
                tonnageKg: Double(days.reduce(0) { $0 + $1.tonnage }) / 1000, muscles: Self.muscles(days, facts))
        }
    }

    /// Load of the last days from what sessions were given as their RPE.
    func load(of user: UserID, _ profile: TrainingProfile) async throws -> LoadReport {
        let today = profile.today.daysSinceEpoch
        let sessions = try await history.sessions(
            of: user, from: CalendarDate(daysSinceEpoch: today - 27), to: profile.today, zone: profile.timeZone)
        var days = Array(repeating: 0.0, count: 28)
        for session in sessions {
            guard let rpe = session.rpeTenths else { continue }
            days[session.date.daysSinceEpoch - today + 27] += SessionLoad.session(
                rpe: Double(rpe) / 10, minutes: session.minutes)
        }
        let week = SessionLoad(days: Array(days.suffix(7)))
        return LoadReport(
            week: week?.week ?? 0, monotony: week?.monotony, strain: week?.strain,
            acuteToChronic: SessionLoad.acuteToChronic(days: days), sessions: sessions.count,
            sessionsWithoutRpe: sessions.count { $0.rpeTenths == nil })
    }

    /// Hard sets and tonnage: in full for primary muscles, half for secondary ones.
    private static func muscles(
        _ days: [TrainedDay], _ facts: [ExerciseID: ExerciseFacts]
    ) -> [MuscleVolume] {
        var volumes: [String: (sets: Double, tonnage: Double)] = [:]
        func add(_ day: TrainedDay, to muscles: [String], share: Double) {
            for muscle in muscles {
                volumes[muscle, default: (0, 0)].sets += share * Double(day.workingSets)
                volumes[muscle, default: (0, 0)].tonnage += share * Double(day.tonnage) / 1000
            }
        }
        for day in days {
            guard let exercise = day.exercise.flatMap({ facts[$0] }) else { continue }
            add(day, to: exercise.primaryMuscles, share: TrainingVolume.primaryShare)
            add(day, to: exercise.secondaryMuscles, share: TrainingVolume.secondaryShare)
        }
        return volumes.sorted { $0.key < $1.key }.map {
            MuscleVolume(muscle: $0.key, hardSets: $0.value.sets, tonnageKg: $0.value.tonnage)
        }
    }
}
