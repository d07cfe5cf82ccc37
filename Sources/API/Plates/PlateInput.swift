import Protocol

/// `PUT /v1/users/plates`: members that are left out keep their value, null goes back to what most gyms have.
struct PlateRackChange: BodyInput, RouteBody {
    static let barbellField = Field.optional("barbellKg", .weightOfBar, "The barbell; 20 kg unless told.")
    static let ezBarField = Field.optional("ezBarKg", .weightOfBar, "The e-z curl bar; 10 kg unless told.")
    static let platesField = Field.optional(
        "plates", ValueRule<[PlatePairs]>.list(of: .object(), count: 0...16), "Each weight once; none is the bar alone."
    )
    static var members: [MemberSchema] { [barbellField.schema, ezBarField.schema, platesField.schema] }
    static let examples: [String: MemberExample] = ["barbellKg": .value(20), "ezBarKg": .value(10)]

    private let barbellKg, ezBarKg: Change<Double>
    private let plates: Change<[PlatePairs]>

    init?(reading body: inout BodyReader) {
        barbellKg = body.change(Self.barbellField)
        ezBarKg = body.change(Self.ezBarField)
        plates = body.change(Self.platesField)
        guard case .set(let plates) = plates else { return }
        var seen: Set<Double> = []
        for (place, plate) in plates.enumerated() where !seen.insert(plate.weightKg).inserted {
            body.fault("plates/\(place)/weightKg", .inconsistent, "This weight stands there already.")
        }
    }

    /// The rack as it is after the change, plates sorted.
    func applied(to rack: PlateRack) -> PlateRack {
        PlateRack(
            barbellKg: barbellKg.applied(to: rack.barbellKg), ezBarKg: ezBarKg.applied(to: rack.ezBarKg),
            plates: plates.applied(to: rack.plates)?.sorted { $0.weightKg > $1.weightKg })
    }
}

extension PlatePairs: BodyInput {
    private static let weightField = Field("weightKg", .hundredths(0.05...50), "Of one plate, in steps of 0.01 kg.")
    private static let pairsField = Field("pairs", .integer(1...10), "One plate of each pair goes on each side.")
    package static var members: [MemberSchema] { [weightField.schema, pairsField.schema] }
    package static var examples: [String: MemberExample] { ["weightKg": .value(20), "pairs": .value(4)] }

    package init?(reading body: inout BodyReader) {
        let weight = body.required(Self.weightField)
        guard let pairs = body.required(Self.pairsField), let weight else { return nil }
        self.init(weightKg: weight, pairs: pairs)
    }
}

extension ValueRule where Value == Double {
    fileprivate static var weightOfBar: ValueRule { hundredths(0...50) }

    /// A number with at most two decimals: what plates weigh in kilograms, also those that are made in pounds.
    ///
    /// Coarse enough that finding a loading among all that plates can make stays cheap.
    fileprivate static func hundredths(_ range: ClosedRange<Double>) -> ValueRule {
        ValueRule<Int64>.scaled(range, places: 2).map(
            as: ValueRule.number(range).schema, .badFormat, "Must be a weight."
        ) {
            Double($0) / 100
        }
    }
}
