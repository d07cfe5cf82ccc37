/// A result of `POST /v1/exercises/search`.
public struct ExerciseHit: Codable, Hashable, Sendable {
    public var exercise: Exercise
    /// How well it fits; comparable within one search.
    public var score: Int

    public init(
        exercise: Exercise, score: Int
    ) {
        self.exercise = exercise
        self.score = score
    }
}

/// `POST /v1/exercises/search`: a page of hits, best first, with what the whole search found.
public struct ExerciseSearchPage: Codable, Hashable, Sendable {
    public var items: [ExerciseHit]
    public var nextCursor: String?
    public var total: Int
    public var facets: ExerciseFacets

    public init(
        items: [ExerciseHit], nextCursor: String?, total: Int, facets: ExerciseFacets
    ) {
        self.items = items
        self.nextCursor = nextCursor
        self.total = total
        self.facets = facets
    }

    private enum CodingKeys: String, CodingKey {
        case items, nextCursor, total, facets
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(items, forKey: .items)
        try container.encode(nextCursor, forKey: .nextCursor)
        try container.encode(total, forKey: .total)
        try container.encode(facets, forKey: .facets)
    }
}

/// How many exercises have a value.
public struct ValueCount: Codable, Hashable, Sendable {
    public var value: String
    public var count: Int

    public init(
        value: String, count: Int
    ) {
        self.value = value
        self.count = count
    }
}

/// The values that exercises have, each with how many have it; most frequent first.
public struct ExerciseFacets: Codable, Hashable, Sendable {
    /// Trained mainly or as a helper.
    public var muscles: [ValueCount]
    public var equipment: [ValueCount]
    public var levels: [ValueCount]
    public var categories: [ValueCount]
    public var forces: [ValueCount]
    public var mechanics: [ValueCount]

    public init(
        muscles: [ValueCount], equipment: [ValueCount], levels: [ValueCount], categories: [ValueCount],
        forces: [ValueCount], mechanics: [ValueCount]
    ) {
        self.muscles = muscles
        self.equipment = equipment
        self.levels = levels
        self.categories = categories
        self.forces = forces
        self.mechanics = mechanics
    }
}

/// `GET /v1/exercises/stats`.
public struct ExerciseStats: Codable, Hashable, Sendable {
    public var libraryCount: Int
    public var ownCount: Int
    public var ratedCount: Int
    /// The distribution of difficulty.
    public var levels: [ValueCount]
    public var categories: [ValueCount]
    /// All athletes' sets of library exercises in the last 30 days.
    public var recentSets: Int
    /// Library exercises with at least one of those sets.
    public var trainedExercises: Int
    public var mostTrained: [ExerciseTrend]
    /// When sets were counted last; nil before the first time.
    public var countedAt: Timestamp?

    public init(
        libraryCount: Int, ownCount: Int, ratedCount: Int, levels: [ValueCount], categories: [ValueCount],
        recentSets: Int, trainedExercises: Int, mostTrained: [ExerciseTrend], countedAt: Timestamp?
    ) {
        self.libraryCount = libraryCount
        self.ownCount = ownCount
        self.ratedCount = ratedCount
        self.levels = levels
        self.categories = categories
        self.recentSets = recentSets
        self.trainedExercises = trainedExercises
        self.mostTrained = mostTrained
        self.countedAt = countedAt
    }

    private enum CodingKeys: String, CodingKey {
        case libraryCount, ownCount, ratedCount, levels, categories, recentSets, trainedExercises, mostTrained,
            countedAt
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(libraryCount, forKey: .libraryCount)
        try container.encode(ownCount, forKey: .ownCount)
        try container.encode(ratedCount, forKey: .ratedCount)
        try container.encode(levels, forKey: .levels)
        try container.encode(categories, forKey: .categories)
        try container.encode(recentSets, forKey: .recentSets)
        try container.encode(trainedExercises, forKey: .trainedExercises)
        try container.encode(mostTrained, forKey: .mostTrained)
        try container.encode(countedAt, forKey: .countedAt)
    }
}

/// An exercise with its use in the last 30 days, beside the 30 before.
public struct ExerciseTrend: Codable, Hashable, Sendable {
    public var exercise: Exercise
    public var sets: Int
    public var athletes: Int
    public var earlierSets: Int
    /// From the earlier sets to the recent ones; nil without earlier ones.
    public var changePercent: Double?

    public init(
        exercise: Exercise, sets: Int, athletes: Int, earlierSets: Int, changePercent: Double?
    ) {
        self.exercise = exercise
        self.sets = sets
        self.athletes = athletes
        self.earlierSets = earlierSets
        self.changePercent = changePercent
    }

    private enum CodingKeys: String, CodingKey {
        case exercise, sets, athletes, earlierSets, changePercent
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(exercise, forKey: .exercise)
        try container.encode(sets, forKey: .sets)
        try container.encode(athletes, forKey: .athletes)
        try container.encode(earlierSets, forKey: .earlierSets)
        try container.encode(changePercent, forKey: .changePercent)
    }
}

/// An exercise that is proposed, and why.
public struct ExerciseSuggestion: Codable, Hashable, Sendable {
    public var exercise: Exercise
    public var reasons: [ExerciseReason]

    public init(
        exercise: Exercise, reasons: [ExerciseReason]
    ) {
        self.exercise = exercise
        self.reasons = reasons
    }
}

/// Why an exercise is proposed.
public struct ExerciseReason: Codable, Hashable, Sendable {
    public var kind: Kind
    /// One sentence with the figures behind it.
    public var text: String

    public init(
        kind: Kind, text: String
    ) {
        self.kind = kind
        self.text = text
    }

    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// A muscle got far fewer sets than others.
        case neglectedMuscle
        /// The user trained it before and stopped.
        case goBack
        /// Others train it in the same workouts.
        case trainedTogether
        /// Well known, for those whose use says nothing yet.
        case wellKnown
        case sameMuscles, sameMechanic, sameEquipment
    }
}

/// `POST /v1/exercises/:id/rate`: how the exercise stands with the new rating.
public struct ExerciseRating: Codable, Hashable, Sendable {
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
