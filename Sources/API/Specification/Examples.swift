import Protocol

/// What stands in the specification's examples: one athlete's Sunday, by the names of members.
enum Examples {
    static let time = Timestamp(milliseconds: 1_763_805_600_000)  // 2025-11-22T10:00:00.000Z
    static let id = UUIDv7.stamped(time, random: 0x0a1b_2c3d_4e5f_6071, tail: 0x1122_3344_5566_7788)

    private static let texts: [String: String] = [
        "login": "mara", "username": "mara", "displayName": "Mara Lind", "email": "mara@example.org",
        "password": "seven-plates-and-a-bar", "currentPassword": "seven-plates-and-a-bar",
        "newPassword": "eight-plates-and-a-bar", "bio": "Squats on Sundays.", "gym": "Kraftraum Mitte",
        "timeZone": "Europe/Berlin", "name": "Back squat", "notes": "Felt light.", "note": "Belt on from 100 kg.",
        "level": "intermediate", "force": "push", "mechanic": "compound", "equipment": "barbell",
        "category": "strength", "primaryMuscles": "quadriceps", "secondaryMuscles": "glutes", "muscle": "quadriceps",
        "nextCursor": "Zm9vYmFy", "cursor": "Zm9vYmFy", "title": "Some values are not valid",
        "type": "urn:fitai:problem:invalidValues", "code": "invalidValues", "pointer": "/weightKg", "kind": "oneRepMax",
        "query": "bench press", "categories": "strength", "levels": "intermediate", "forces": "push",
        "mechanics": "compound", "muscles": "quadriceps", "size": "256", "experience": "intermediate",
        "visibility": "friends",
        "privacy": "friends", "profile": "friends", "workouts": "friends", "live": "friends", "audience": "friends",
        "token": "Zm91ciBwbGF0ZXMgYW5kIGEgYmFyLCBvbmNlIGEgd2Vlaw",
        "refreshToken": "Zm91ciBwbGF0ZXMgYW5kIGEgYmFyLCBvbmNlIGEgd2Vlaw", "q": "mara",
        "fields": "id", "version": "1.0.0", "durability": "on",
        "quietFrom": "22:00", "quietTo": "07:00", "from": "22:00", "to": "07:00", "at": "18:00",
    ]

    private static let numbers: [String: Double] = [
        "weightKg": 100, "reps": 5, "rpe": 8.5, "rir": 2, "heightCm": 172, "restSeconds": 180, "status": 422,
        "tonnageKg": 4250, "workingSets": 12, "valueKg": 120, "previousKg": 117.5, "estimatedOneRepMaxKg": 116.5,
        "bodyFatPercent": 22, "neckCm": 34, "shouldersCm": 108, "chestCm": 92, "waistCm": 74, "hipsCm": 98,
        "leftArmCm": 29.5, "rightArmCm": 30, "leftThighCm": 57, "rightThighCm": 57.5, "leftCalfCm": 36,
        "rightCalfCm": 36, "rating": 5, "position": 1, "durationSeconds": 60, "distanceMeters": 1000, "limit": 20,
    ]

    static func text(for member: String) -> String { texts[member] ?? "text" }
    static func number(for member: String) -> Double { numbers[member] ?? 1 }

    /// A value that keeps a rule.
    static func value(of schema: ValueSchema, for member: String) -> DocumentValue {
        switch schema {
        case .string(_, "date-time", _): .string(time.rfc3339)
        case .string(_, "date", _): .string(CalendarDate.sample(for: member).description)
        case .string(_, "uuid", _): .string(id.description)
        case .string(let length, _, _): .string(text(for: member, length: length ?? 0...Int.max))
        case .choice(let choices, _): .string(choices.contains(text(for: member)) ? text(for: member) : choices[0])
        case .integer(let range): .integer(min(max(Int64(number(for: member)), range.lowerBound), range.upperBound))
        case .number(let range, _): .number(min(max(number(for: member), range.lowerBound), range.upperBound))
        case .boolean: true
        case .array(let item, let count, _): .array(count.upperBound == 0 ? [] : [value(of: item, for: member)])
        case .object(_, let members): object(members)
        }
    }

    /// A body with all of its members but those that its example leaves out.
    static func object(_ members: [MemberSchema]) -> DocumentValue {
        let values = members.compactMap { member -> (String, DocumentValue)? in
            switch member.example {
            case .usual: (member.name, value(of: member.schema, for: member.name))
            case .none: nil
            case .value(let value): (member.name, value)
            }
        }
        return .object(Dictionary(uniqueKeysWithValues: values))
    }

    private static func text(for member: String, length: ClosedRange<Int>) -> String {
        let known = text(for: member)
        if length.contains(known.count) { return known }
        return String(repeating: "x", count: length.lowerBound)
    }
}
