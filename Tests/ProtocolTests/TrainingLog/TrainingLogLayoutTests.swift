import Protocol
import Testing

@Suite("Layouts of training logs")
struct TrainingLogLayoutTests {
    static let rows = """
        2021-02-10 16:46:13,Push,1h 18m,Bench Press (Barbell),1,75.0,8,0,0,,,
        2021-02-10 16:46:13,Push,1h 18m,Bench Press (Barbell),2,80,6,0,0,,,8.5
        """

    @Test(
        "headers in other languages name the same columns",
        arguments: [
            "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE",
            "Datum,Workout-Name,Dauer,Name der Übung,Satz-Reihenfolge,Gewicht,Wiederh.,Entfernung,Sekunden,Notizen,"
                + "Workout-Notizen,RPE",
            "Date,Nom de l'entraînement,Durée,Nom de l'exercice,Ordre de la série,Poids,Réps,Distance,Secondes,Notes,"
                + "Notes de l'entraînement,RPE",
            "日期,锻炼名称,时长,运动名称,设置顺序,重量,次,距离,秒,备注,锻炼备注,RPE",
            "日付,ワークアウト名,期間,エクササイズ名,セット順,重さ,レップ,距離,秒,メモ,ワークアウトメモ,RPE",
        ])
    func languages(header: String) throws {
        let log = try TrainingLog(header + "\n" + Self.rows)
        #expect(log.layout.hasHeader)
        expectTwoSets(log)
    }

    @Test("a file without a header is recognised by the shape of its first row")
    func noHeader() throws {
        let log = try TrainingLog("\u{FEFF}" + Self.rows)
        #expect(!log.layout.hasHeader)
        expectTwoSets(log)
    }

    @Test("older layouts without duration, RPE or notes are read")
    func older() throws {
        let withoutDuration = try TrainingLog(
            """
            Date,Workout Name,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes
            2019-02-10 16:46:13,Push,Bench Press (Barbell),1,75.0,8,0,0,,
            """)
        #expect(withoutDuration.workouts.first?.durationSeconds == nil)
        #expect(withoutDuration.sets.first?.weight == 75)
        let headerless = try TrainingLog("2019-02-10 16:46:13,Push,Bench Press (Barbell),1,75.0,8,0,0,,\n")
        #expect(headerless.sets.map(\.weight) == [75])
        let kgAndKm = try TrainingLog(
            """
            Date;Workout Name;Exercise Name;Set Order;kg;Reps;km;Seconds;Notes;Workout Notes
            2019-02-10 16:46:13;Push;Running;1;0,0;0;3,5;1200;;
            """)
        let run = try #require(kgAndKm.sets.first)
        #expect(run.weightUnit == .kg && run.distanceUnit == .km)
        #expect(run.distance == 3.5 && run.durationSeconds == 1200 && run.reps == nil)
    }

    @Test("units are read row by row where rows name them")
    func unitColumns() throws {
        let log = try TrainingLog(
            """
            Date;Workout Name;Exercise Name;Set Order;Weight;Weight Unit;Reps;RPE;Distance;Distance Unit;Seconds;\
            Notes;Workout Notes;Workout Duration
            2020-02-10 16:46:13;Push;Squat;1;135;lbs;5;;;;0;;;45m
            2020-02-10 16:46:13;Push;Squat;2;60;kg;5;;;;0;;;45m
            2020-02-10 16:46:13;Push;Running;1;;;;;2;mi;600;;;45m
            """)
        #expect(log.layout.hasUnitColumns && log.layout.weightUnit == nil)
        #expect(log.sets.map(\.weightUnit) == [.lb, .kg, nil])
        #expect(log.sets.last?.distanceUnit == .mi)
        #expect(log.workouts.first?.durationSeconds == 2700)
    }

    @Test("Hevy in pounds with kilometers, semicolons, and month names of the phone's language")
    func hevyPounds() throws {
        let log = try TrainingLog(
            """
            title;start_time;end_time;description;exercise_title;superset_id;exercise_notes;set_index;set_type;\
            weight_lbs;reps;distance_km;duration_seconds;rpe
            "Day";"Jul 6, 2024, 5:59 PM";"Jul 6, 2024, 6:59 PM";"";"Squat (Barbell)";"";"deep";"0";"normal";"225";"5";;;8
            "Day";"Jul 6, 2024, 5:59 PM";"Jul 6, 2024, 6:59 PM";"";"Squat (Barbell)";"";"deep";"1";"dropset";"135";"5";;;
            "Tag";"12 Mai 2024, 00:10";"12 Mai 2024, 01:15";"";"Rudern";"";"";"0";"normal";;;"2,5";"600";
            """)
        #expect(log.faults.isEmpty)
        #expect(log.layout == .init(app: .hevy, weightUnit: .lb, distanceUnit: .km))
        #expect(log.workouts.map(\.start.description) == ["2024-07-06T17:59:00", "2024-05-12T00:10:00"])
        #expect(log.workouts.map(\.durationSeconds) == [3600, 3900])
        #expect(log.workouts.first?.exercises.first?.note == "deep")
        #expect(log.workouts.first?.exercises.first?.items.count == 2)
        #expect(log.sets.last?.distance == 2.5)
    }

    @Test("set orders W, D and F are types; rest timers are rests and notes are notes, not sets")
    func setOrders() throws {
        let log = try TrainingLog(
            """
            Workout #;Date;Workout Name;Duration (sec);Exercise Name;Set Order;Weight (lbs);Reps;RPE;\
            Distance (miles);Seconds;Notes;Workout Notes
            7;2025-03-09 14:08:49;Push;4543;Squat;W;45;5;;;;;
            7;2025-03-09 14:08:49;Push;4543;Squat;1;135;5;;;;;
            7;2025-03-09 14:08:49;Push;4543;Squat;Rest Timer;;;;;180;;
            7;2025-03-09 14:08:49;Push;4543;Squat;D;95;9;;;;;
            7;2025-03-09 14:08:49;Push;4543;Squat;F;95;9;10;;;;
            7;2025-03-09 14:08:49;Push;4543;Squat;Note;;;;;;belt on;
            """)
        let squat = try #require(log.workouts.first?.exercises.first)
        #expect(log.workouts.first?.exercises.count == 1)
        #expect(squat.sets.map(\.type) == [.warmup, .normal, .dropset, .failure])
        #expect(squat.items[2] == .rest(seconds: 180))
        #expect(squat.items[5] == .note("belt on"))
        #expect(squat.sets.allSatisfy { $0.weightUnit == .lb })
    }

    @Test("an exercise that comes again in a workout has a place of its own")
    func places() throws {
        let row = "2021-02-10 16:46:13,Push,1h 18m,Squat,"
        let log = try TrainingLog(
            ["1,75,8,0,0,,,", "2,75,8,0,0,,,", "1,60,8,0,0,,,"].map { row + $0 }.joined(separator: "\n"))
        #expect(log.workouts.first?.exercises.map(\.sets.count) == [2, 1])
    }

    private func expectTwoSets(_ log: TrainingLog) {
        #expect(log.faults.isEmpty)
        #expect(log.workouts.count == 1)
        #expect(log.workouts.first?.durationSeconds == 78 * 60)
        #expect(log.workouts.first?.exercises.map(\.name) == ["Bench Press (Barbell)"])
        #expect(log.sets.map(\.weight) == [75, 80])
        #expect(log.sets.map(\.reps) == [8, 6])
        #expect(log.sets.map(\.rpe) == [nil, 8.5])
        #expect(log.sets.allSatisfy { $0.weightUnit == nil && $0.distance == nil && $0.durationSeconds == nil })
    }
}
