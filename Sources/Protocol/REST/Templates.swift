/// A template in a list.
public struct TemplateItem: Codable, Hashable, Sendable {
    public var id: TemplateID
    public var name: String
    public var description: String?
    public var category: TemplateCategory
    public var level: String
    public var lengthWeeks: Int
    /// The most days of a week.
    public var daysPerWeek: Int
    /// What its exercises need.
    public var equipment: [String]
    public var visibility: Audience
    /// Nil for the library.
    public var creator: UserCard?
    public var isOwn: Bool
    public var isFeatured: Bool
    public var isFavorite: Bool
    /// What it was copied from.
    public var origin: TemplateOrigin?
    /// Workouts that were made from it.
    public var uses: Int
    public var averageRating: Double?
    public var ratingCount: Int
    public var myRating: Int?
    /// Counts from 1; each change by who made it adds one.
    public var version: Int
    public var createdAt: Timestamp
    public var changedAt: Timestamp

    public init(
        id: TemplateID, name: String, description: String?, category: TemplateCategory, level: String, lengthWeeks: Int,
        daysPerWeek: Int, equipment: [String], visibility: Audience, creator: UserCard?, isOwn: Bool, isFeatured: Bool,
        isFavorite: Bool, origin: TemplateOrigin?, uses: Int, averageRating: Double?, ratingCount: Int, myRating: Int?,
        version: Int, createdAt: Timestamp, changedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.category = category
        self.level = level
        self.lengthWeeks = lengthWeeks
        self.daysPerWeek = daysPerWeek
        self.equipment = equipment
        self.visibility = visibility
        self.creator = creator
        self.isOwn = isOwn
        self.isFeatured = isFeatured
        self.isFavorite = isFavorite
        self.origin = origin
        self.uses = uses
        self.averageRating = averageRating
        self.ratingCount = ratingCount
        self.myRating = myRating
        self.version = version
        self.createdAt = createdAt
        self.changedAt = changedAt
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, description, category, level, lengthWeeks, daysPerWeek, equipment, visibility, creator, isOwn,
            isFeatured, isFavorite, origin, uses, averageRating, ratingCount, myRating, version, createdAt, changedAt
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(name, forKey: .name)
        try container.encode(description, forKey: .description)
        try container.encode(category, forKey: .category)
        try container.encode(level, forKey: .level)
        try container.encode(lengthWeeks, forKey: .lengthWeeks)
        try container.encode(daysPerWeek, forKey: .daysPerWeek)
        try container.encode(equipment, forKey: .equipment)
        try container.encode(visibility, forKey: .visibility)
        try container.encode(creator, forKey: .creator)
        try container.encode(isOwn, forKey: .isOwn)
        try container.encode(isFeatured, forKey: .isFeatured)
        try container.encode(isFavorite, forKey: .isFavorite)
        try container.encode(origin, forKey: .origin)
        try container.encode(uses, forKey: .uses)
        try container.encode(averageRating, forKey: .averageRating)
        try container.encode(ratingCount, forKey: .ratingCount)
        try container.encode(myRating, forKey: .myRating)
        try container.encode(version, forKey: .version)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(changedAt, forKey: .changedAt)
    }
}

/// `GET /v1/templates/:id`: a template with its whole program.
public struct Template: Codable, Hashable, Sendable {
    public var id: TemplateID
    public var name: String
    public var description: String?
    public var category: TemplateCategory
    public var level: String
    public var lengthWeeks: Int
    /// The most days of a week.
    public var daysPerWeek: Int
    /// What its exercises need.
    public var equipment: [String]
    public var visibility: Audience
    /// Nil for the library.
    public var creator: UserCard?
    public var isOwn: Bool
    public var isFeatured: Bool
    public var isFavorite: Bool
    /// What it was copied from.
    public var origin: TemplateOrigin?
    /// Workouts that were made from it.
    public var uses: Int
    public var averageRating: Double?
    public var ratingCount: Int
    public var myRating: Int?
    /// Counts from 1; each change by who made it adds one.
    public var version: Int
    public var createdAt: Timestamp
    public var changedAt: Timestamp
    public var weeks: [TemplateWeek]

    public init(
        id: TemplateID, name: String, description: String?, category: TemplateCategory, level: String, lengthWeeks: Int,
        daysPerWeek: Int, equipment: [String], visibility: Audience, creator: UserCard?, isOwn: Bool, isFeatured: Bool,
        isFavorite: Bool, origin: TemplateOrigin?, uses: Int, averageRating: Double?, ratingCount: Int, myRating: Int?,
        version: Int, createdAt: Timestamp, changedAt: Timestamp, weeks: [TemplateWeek]
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.category = category
        self.level = level
        self.lengthWeeks = lengthWeeks
        self.daysPerWeek = daysPerWeek
        self.equipment = equipment
        self.visibility = visibility
        self.creator = creator
        self.isOwn = isOwn
        self.isFeatured = isFeatured
        self.isFavorite = isFavorite
        self.origin = origin
        self.uses = uses
        self.averageRating = averageRating
        self.ratingCount = ratingCount
        self.myRating = myRating
        self.version = version
        self.createdAt = createdAt
        self.changedAt = changedAt
        self.weeks = weeks
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, description, category, level, lengthWeeks, daysPerWeek, equipment, visibility, creator, isOwn,
            isFeatured, isFavorite, origin, uses, averageRating, ratingCount, myRating, version, createdAt, changedAt,
            weeks
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(name, forKey: .name)
        try container.encode(description, forKey: .description)
        try container.encode(category, forKey: .category)
        try container.encode(level, forKey: .level)
        try container.encode(lengthWeeks, forKey: .lengthWeeks)
        try container.encode(daysPerWeek, forKey: .daysPerWeek)
        try container.encode(equipment, forKey: .equipment)
        try container.encode(visibility, forKey: .visibility)
        try container.encode(creator, forKey: .creator)
        try container.encode(isOwn, forKey: .isOwn)
        try container.encode(isFeatured, forKey: .isFeatured)
        try container.encode(isFavorite, forKey: .isFavorite)
        try container.encode(origin, forKey: .origin)
        try container.encode(uses, forKey: .uses)
        try container.encode(averageRating, forKey: .averageRating)
        try container.encode(ratingCount, forKey: .ratingCount)
        try container.encode(myRating, forKey: .myRating)
        try container.encode(version, forKey: .version)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(changedAt, forKey: .changedAt)
        try container.encode(weeks, forKey: .weeks)
    }
}

/// What a copy was made from, as it was called then.
public struct TemplateOrigin: Codable, Hashable, Sendable {
    public var templateId: TemplateID
    public var name: String
    public var version: Int
    /// Nil for the library.
    public var creatorName: String?

    public init(
        templateId: TemplateID, name: String, version: Int, creatorName: String?
    ) {
        self.templateId = templateId
        self.name = name
        self.version = version
        self.creatorName = creatorName
    }

    private enum CodingKeys: String, CodingKey {
        case templateId, name, version, creatorName
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(templateId, forKey: .templateId)
        try container.encode(name, forKey: .name)
        try container.encode(version, forKey: .version)
        try container.encode(creatorName, forKey: .creatorName)
    }
}

/// A version of a template; its content is had with `?version=`.
public struct TemplateVersion: Codable, Hashable, Sendable {
    public var version: Int
    public var name: String
    public var lengthWeeks: Int
    public var daysPerWeek: Int
    public var createdAt: Timestamp

    public init(
        version: Int, name: String, lengthWeeks: Int, daysPerWeek: Int, createdAt: Timestamp
    ) {
        self.version = version
        self.name = name
        self.lengthWeeks = lengthWeeks
        self.daysPerWeek = daysPerWeek
        self.createdAt = createdAt
    }
}

/// `POST /v1/templates/:id/rate`: how the template stands with the new rating.
public struct TemplateRating: Codable, Hashable, Sendable {
    public var rating: Int
    public var averageRating: Double
    public var ratingCount: Int

    public init(
        rating: Int, averageRating: Double, ratingCount: Int
    ) {
        self.rating = rating
        self.averageRating = averageRating
        self.ratingCount = ratingCount
    }
}

/// What a template is for.
public enum TemplateCategory: String, Codable, Sendable, CaseIterable {
    case strength, hypertrophy, powerlifting, general, bodyweight, cardio, hiit, mobility, olympic
}

/// Names a template.
public typealias TemplateID = UUIDv7
