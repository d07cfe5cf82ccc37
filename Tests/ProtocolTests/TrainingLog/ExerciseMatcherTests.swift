import Protocol
import Testing

@Suite("Names of exercises in training logs")
struct ExerciseMatcherTests {
    private static let library: [(name: String, equipment: String?)] = [
        ("Barbell Bench Press - Medium Grip", "barbell"), ("Bench Press with Chains", "barbell"),
        ("Decline Barbell Bench Press", "barbell"), ("Dumbbell Bench Press", "dumbbell"),
        ("Incline Dumbbell Press", "dumbbell"), ("Hammer Grip Incline DB Bench Press", "dumbbell"),
        ("Barbell Squat", "barbell"), ("Pullups", "body only"), ("Chin-Up", "body only"),
        ("Wide-Grip Lat Pulldown", "cable"), ("One Arm Lat Pulldown", "cable"), ("Triceps Pushdown", "cable"),
        ("Barbell Shoulder Press", "barbell"), ("Seated Barbell Military Press", "barbell"),
        ("Leg Extensions", "machine"), ("Leverage Chest Press", "machine"), ("Dumbbell Incline Row", "dumbbell"),
        ("Reverse Machine Flyes", "machine"), ("Barbell Hip Thrust", "barbell"), ("Side Lateral Raise", "dumbbell"),
        ("Plank", "body only"),
    ]

    private let matcher = ExerciseMatcher(
        library.enumerated().map {
            .init(id: ExerciseID(high: 0x7000, low: UInt64($0)), name: $1.name, equipment: $1.equipment)
        })

    @Test(
        "names are found as the library has them",
        arguments: [
            ("Bench Press (Barbell)", "Barbell Bench Press - Medium Grip"),
            ("Bench Press (Dumbbell)", "Dumbbell Bench Press"),
            ("Incline Bench Press (Dumbbell)", "Incline Dumbbell Press"),
            ("Squat (Barbell)", "Barbell Squat"), ("Pull Up", "Pullups"), ("Chin Up", "Chin-Up"),
            ("Lat Pulldown (Cable)", "Wide-Grip Lat Pulldown"), ("Lat Pulldown (Single Arm)", "One Arm Lat Pulldown"),
            ("Triceps Pressdown", "Triceps Pushdown"), ("Overhead Press (Barbell)", "Barbell Shoulder Press"),
            ("Seated Overhead Press (Barbell)", "Seated Barbell Military Press"),
            ("Leg Extension (Machine)", "Leg Extensions"), ("Chest Press (Machine)", "Leverage Chest Press"),
            ("Reverse Fly (Machine)", "Reverse Machine Flyes"), ("Lateral Raise (Dumbbell)", "Side Lateral Raise"),
            ("plank", "Plank"),
        ])
    func found(name: String, expected: String) {
        #expect(matcher.match(name)?.name == expected)
    }

    @Test(
        "what the library does not have is not forced on another",
        arguments: [
            "Warm Up", "Hip Thrust (Machine)", "Barbell", "", "深蹲", "Lateral Raise (Machine)",
            "Katana Triceps Extension",
        ])
    func notFound(name: String) {
        #expect(matcher.match(name) == nil)
    }
}
