/// A movement of the library, or a user's own.
public struct Exercise: Codable, Hashable, Sendable {
    public var id: ExerciseID
    public var name: String
    /// push, pull or static, where known.
    public var force: String?
    public var level: String
    /// compound or isolation, where known.
    public var mechanic: String?
    public var equipment: String?
    public var category: String
    public var primaryMuscles: [String]
    public var secondaryMuscles: [String]
    /// The share of the body's weight that a repetition lifts, 0…1; nil for other movements and where it is not known.
    public var bodyWeightShare: Double?
    /// What it is and what it is for, in up to three sentences.
    public var description: String?
    /// What to mind while doing it, one sentence each.
    public var cues: [String]
    /// Addresses of pictures and films.
    public var media: [String]
    /// 1…5; nil without ratings.
    public var averageRating: Double?
    public var ratingCount: Int
    /// The viewer's own rating.
    public var myRating: Int?
    /// Whether the viewer made it (library exercises belong to nobody).
    public var isOwn: Bool

    public init(
        id: ExerciseID, name: String, force: String?, level: String, mechanic: String?, equipment: String?,
        category: String, primaryMuscles: [String], secondaryMuscles: [String], bodyWeightShare: Double?,
        description: String?, cues: [String],
        media: [String], averageRating: Double?, ratingCount: Int, myRating: Int?, isOwn: Bool
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
        self.bodyWeightShare = bodyWeightShare
        self.description = description
        self.cues = cues
        self.media = media
        self.averageRating = averageRating
        self.ratingCount = ratingCount
        self.myRating = myRating
        self.isOwn = isOwn
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, force, level, mechanic, equipment, category, primaryMuscles, secondaryMuscles,
            bodyWeightShare, description, cues, media, averageRating, ratingCount, myRating, isOwn
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
        try container.encode(bodyWeightShare, forKey: .bodyWeightShare)
        try container.encode(description, forKey: .description)
        try container.encode(cues, forKey: .cues)
        try container.encode(media, forKey: .media)
        try container.encode(averageRating, forKey: .averageRating)
        try container.encode(ratingCount, forKey: .ratingCount)
        try container.encode(myRating, forKey: .myRating)
        try container.encode(isOwn, forKey: .isOwn)
    }
}
