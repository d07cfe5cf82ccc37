import Protocol

/// `POST /v1/exercises/search`
struct ExerciseSearch: BodyInput, RouteBody {
    typealias Terms = ValueRule<[String]>

    static let query = Field.optional(
        "query", .text(0...200), "Words of names, equipment, muscles; typos are forgiven.")
    static let muscles = Field.optional(
        "muscles", ValueRule<[Muscle]>.list(of: .choice, count: 0...17, distinct: true), "Trains any of them.")
    static let equipment = Field.optional("equipment", Terms.list(of: .name(1...40), count: 0...20), "Any of it.")
    static let levels = Field.optional(
        "levels", ValueRule<[ExerciseLevel]>.list(of: .choice, count: 0...3, distinct: true), "Any of them.")
    static let categories = Field.optional("categories", Terms.list(of: .name(1...40), count: 0...20), "Any of them.")
    static let forces = Field.optional(
        "forces", ValueRule<[ExerciseForce]>.list(of: .choice, count: 0...3, distinct: true), "Any of them.")
    static let mechanics = Field.optional(
        "mechanics", ValueRule<[ExerciseMechanic]>.list(of: .choice, count: 0...2, distinct: true), "Any of them.")

    static var members: [MemberSchema] {
        [
            query.schema, muscles.schema, equipment.schema, levels.schema, categories.schema, forces.schema,
            mechanics.schema,
        ]
    }

    let text: String
    let chosen: [ExerciseFacets.Dimension: Set<String>]

    init?(reading body: inout BodyReader) {
        text = body.optional(Self.query) ?? ""
        var chosen: [ExerciseFacets.Dimension: Set<String>] = [:]
        chosen[.muscles] = Set((body.optional(Self.muscles) ?? []).map(\.rawValue))
        chosen[.equipment] = Set((body.optional(Self.equipment) ?? []).map { $0.lowercased() })
        chosen[.levels] = Set((body.optional(Self.levels) ?? []).map(\.rawValue))
        chosen[.categories] = Set((body.optional(Self.categories) ?? []).map { $0.lowercased() })
        chosen[.forces] = Set((body.optional(Self.forces) ?? []).map(\.rawValue))
        chosen[.mechanics] = Set((body.optional(Self.mechanics) ?? []).map(\.rawValue))
        self.chosen = chosen.filter { !$0.value.isEmpty }
    }
}

extension ExerciseFacets {
    /// What an exercise can be chosen by.
    enum Dimension: Sendable, CaseIterable {
        case muscles, equipment, levels, categories, forces, mechanics

        func values(of document: ExerciseDocument) -> Set<String> {
            switch self {
            case .muscles: document.muscles
            case .equipment: Set([document.equipment].compactMap(\.self))
            case .levels: [document.level]
            case .categories: [document.category]
            case .forces: Set([document.force].compactMap(\.self))
            case .mechanics: Set([document.mechanic].compactMap(\.self))
            }
        }
    }

    /// Counts the values of documents; in each dimension of those that fit the choices in all the others.
    ///
    /// - Returns: the counts, and which documents fit every choice.
    static func count(
        _ documents: some Sequence<ExerciseDocument>, chosen: [Dimension: Set<String>] = [:]
    ) -> (facets: ExerciseFacets, fitting: Set<ExerciseID>) {
        var counts: [Dimension: [String: Int]] = [:]
        var fitting: Set<ExerciseID> = []
        for document in documents {
            let missed = chosen.filter { $0.key.values(of: document).isDisjoint(with: $0.value) }.map(\.key)
            if missed.isEmpty { fitting.insert(document.id) }
            guard missed.count <= 1 else { continue }
            for dimension in missed.isEmpty ? Dimension.allCases : missed {
                for value in dimension.values(of: document) { counts[dimension, default: [:]][value, default: 0] += 1 }
            }
        }
        func sorted(_ dimension: Dimension) -> [ValueCount] {
            (counts[dimension] ?? [:]).map { ValueCount(value: $0.key, count: $0.value) }
                .sorted { ($1.count, $0.value) < ($0.count, $1.value) }
        }
        let facets = ExerciseFacets(
            muscles: sorted(.muscles), equipment: sorted(.equipment), levels: sorted(.levels),
            categories: sorted(.categories), forces: sorted(.forces), mechanics: sorted(.mechanics))
        return (facets, fitting)
    }
}
