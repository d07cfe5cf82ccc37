/// `GET, PUT /v1/users/plates`: the bars and plates that an athlete owns, which targets are rounded to.
public struct PlateRack: Codable, Hashable, Sendable {
    /// 0…50 kg; nil means the usual 20 kg.
    public var barbellKg: Double?
    /// The e-z curl bar, 0…50 kg; nil means the usual 10 kg.
    public var ezBarKg: Double?
    /// The heaviest first; nil means kilogram plates as most gyms have them, an empty list that there are none.
    public var plates: [PlatePairs]?

    public init(barbellKg: Double? = nil, ezBarKg: Double? = nil, plates: [PlatePairs]? = nil) {
        self.barbellKg = barbellKg
        self.ezBarKg = ezBarKg
        self.plates = plates
    }

    private enum CodingKeys: String, CodingKey { case barbellKg, ezBarKg, plates }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(barbellKg, forKey: .barbellKg)
        try container.encode(ezBarKg, forKey: .ezBarKg)
        try container.encode(plates, forKey: .plates)
    }
}

/// Plates of one weight.
public struct PlatePairs: Codable, Hashable, Sendable {
    /// Of one plate: 0.05…50 kg in steps of 0.01 kg.
    public var weightKg: Double
    /// 1…10; one plate of each pair goes on each side.
    public var pairs: Int

    public init(weightKg: Double, pairs: Int) {
        self.weightKg = weightKg
        self.pairs = pairs
    }
}
