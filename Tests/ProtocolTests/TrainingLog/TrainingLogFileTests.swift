import Protocol
import Testing

@Suite("Training logs as the apps exported them")
struct TrainingLogFileTests {
    @Test("a Hevy export of 7,211 rows is read whole: workouts, warm-ups, supersets, RPE")
    func hevy() throws {
        let log = try LogFixture.whole("hevy_kg")
        #expect(log.faults.isEmpty)
        #expect(log.layout == .init(app: .hevy, weightUnit: .kg, distanceUnit: .km))
        #expect(log.workouts.count == 335)
        #expect(log.sets.count == 7211)
        #expect(log.repeatedRows == 0)
        #expect(log.sets.count { $0.rpe != nil } == 6916)
        #expect(log.sets.count { $0.type == .warmup } == 2195)
        #expect(log.sets.count { $0.type == .failure } == 1122)
        #expect(log.sets.count { $0.type == .dropset } == 43)
        let inSupersets = log.workouts.flatMap(\.exercises).filter { $0.superset != nil }
        #expect(inSupersets.reduce(0) { $0 + $1.sets.count } == 277)
        let first = try #require(log.workouts.first)
        #expect(first.name == "Lower // Ramp // Strength // 1")
        #expect(first.start.description == "2025-09-15T07:48:00")
        #expect(first.durationSeconds == 85 * 60)
        #expect(first.exercises.first?.sets.map(\.weight) == [39, 51, 78, 78])
    }

    @Test("an exercise that is its own superset keeps both places")
    func ownSuperset() throws {
        let log = try LogFixture.whole("hevy_kg")
        let forearms = try #require(log.workouts.first { $0.start.description == "2024-07-10T08:52:00" })
        #expect(forearms.exercises.map(\.sets.count) == [3, 3])
    }

    @Test("titles with emoji are read as they are")
    func emoji() throws {
        let log = try LogFixture.whole("hevy_kg_emoji")
        #expect(log.faults.isEmpty)
        #expect(log.workouts.count == 17)
        #expect(log.sets.count == 330)
        #expect(log.workouts.contains { $0.name == "Evening workout 🏋️" })
    }

    @Test("a Strong export without note columns has its warm-ups and no unit")
    func withoutNotes() throws {
        let log = try LogFixture.whole("strong_without_notes")
        #expect(log.faults.isEmpty)
        #expect(log.layout == .init(app: .strong))
        #expect(log.workouts.count == 37)
        #expect(log.sets.count == 666)
        #expect(log.sets.count { $0.type == .warmup } == 162)
        #expect(log.sets.allSatisfy { $0.weightUnit == nil })
        #expect(log.workouts.first?.durationSeconds == 51 * 60)
    }

    @Test("the old Strong layout gives durations in hours and minutes")
    func strongComma() throws {
        let log = try LogFixture.excerpt("strong_comma")
        #expect(log.faults.isEmpty)
        #expect(log.workouts.count == 13)
        #expect(log.sets.count == 262)
        #expect(log.workouts.first?.durationSeconds == (2 * 60 + 38) * 60)
        #expect(log.workouts.first?.start.description == "2020-12-30T18:51:52")
    }

    @Test("a log with German workout names is read")
    func german() throws {
        let log = try LogFixture.excerpt("strong_german")
        #expect(log.faults.isEmpty)
        #expect(log.workouts.map(\.name) == ["Mittwoch", "Freitag", "Sonntag", "Montag", "Mittwoch", "Montag/Freitag"])
        #expect(log.sets.count == 86)
    }

    @Test("Chinese headers and durations are read, and workouts that stand twice in the file come once")
    func chinese() throws {
        let log = try LogFixture.excerpt("strong_chinese")
        #expect(log.faults.isEmpty)
        #expect(log.workouts.map(\.durationSeconds) == [73 * 60, 95 * 60, 29 * 60])
        #expect(log.workouts.map(\.repeatedRows) == [0, 23, 5])
        #expect(log.sets.count == 75 - 28)
        #expect(log.layout.weightUnit == nil)
        let first = try #require(log.sets.first?.weight)
        #expect(TrainingLog.WeightUnit.lb.grams(first) == 20_000)
    }

    @Test("the semicolon layout has its units in the header and its durations in seconds")
    func semicolon() throws {
        let log = try LogFixture.excerpt("strong_semicolon")
        #expect(log.faults.isEmpty)
        #expect(log.layout == .init(app: .strong, weightUnit: .kg, distanceUnit: .m))
        #expect(log.workouts.map(\.durationSeconds) == [4543, 2956])
        #expect(log.sets.count == 26)
        #expect(log.sets.first.map { TrainingLog.WeightUnit.kg.grams($0.weight ?? 0) } == 61_235)
    }
}
