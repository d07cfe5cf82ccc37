/// A movement of the library, or a user's own.
public struct Exercise: Codable, Hashable, Sendable {
    public var id: ExerciseID
    public var name: String
    /// push, pull or static, where the source says.
    public var force: String?
    public var level: String
    /// compound or isolation, where the source says.
    public var mechanic: String?
    public var equipment: String?
    public var category: String
    public var primaryMuscles: [String]
    public var secondaryMuscles: [String]
    /// Whether the viewer made it (library exercises belong to nobody).
    public var isOwn: Bool

    public init(
        id: ExerciseID, name: String, force: String?, level: String, mechanic: String?, equipment: String?,
        category: String, primaryMuscles: [String], secondaryMuscles: [String], isOwn: Bool
    ) {
        self.id = id
        self.name = name
        self.force = force
        self.level = level
        self.mechanic = mechanic
        self.equipment = equipment
        self.category = category
        self.primaryMuscles = primaryMuscles
        self.secondaryMuscles = secondaryMuscles
        self.isOwn = isOwn
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, force, level, mechanic, equipment, category, primaryMuscles, secondaryMuscles, isOwn
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(name, forKey: .name)
        try container.encode(force, forKey: .force)
        try container.encode(level, forKey: .level)
        try container.encode(mechanic, forKey: .mechanic)
        try container.encode(equipment, forKey: .equipment)
        try container.encode(category, forKey: .category)
        try container.encode(primaryMuscles, forKey: .primaryMuscles)
        try container.encode(secondaryMuscles, forKey: .secondaryMuscles)
        try container.encode(isOwn, forKey: .isOwn)
    }
}
