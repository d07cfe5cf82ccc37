/// What kind of set it was.
public enum SetType: String, Sendable, CaseIterable, Codable {
    case normal, warmup, dropset, failure, amrap, myo, partial, forced, tut, iso, jump

    /// Warm-ups count neither for tonnage nor for hard sets, records and estimates.
    public var isWorking: Bool { self != .warmup }
}

/// Which side of the body a one-sided set trained.
public enum Side: String, Sendable, CaseIterable, Codable { case left, right }

/// What was done in one set, in whole grams, milliseconds and millimetres.
public struct SetValues: Sendable, Hashable {
    public var type: SetType
    /// 0…1,000,000 g.
    public var weightGrams: Int64?
    /// 0…1,000.
    public var reps: Int64?
    /// Rate of perceived exertion in tenths: 10…100 in steps of 5.
    public var rpeTenths: Int64?
    /// Repetitions in reserve: 0…10.
    public var rir: Int64?
    /// 0…24 h.
    public var durationMilliseconds: Int64?
    /// 0…1,000 km.
    public var distanceMillimeters: Int64?
    public var side: Side?

    public init(
        type: SetType = .normal, weightGrams: Int64? = nil, reps: Int64? = nil, rpeTenths: Int64? = nil,
        rir: Int64? = nil, durationMilliseconds: Int64? = nil, distanceMillimeters: Int64? = nil, side: Side? = nil
    ) {
        self.type = type
        self.weightGrams = weightGrams
        self.reps = reps
        self.rpeTenths = rpeTenths
        self.rir = rir
        self.durationMilliseconds = durationMilliseconds
        self.distanceMillimeters = distanceMillimeters
        self.side = side
    }

    /// The estimated one-repetition maximum in grams, for working sets with weight and repetitions.
    public var estimatedOneRepMax: Int64? {
        guard type.isWorking, let weightGrams, weightGrams > 0, let reps, reps > 0 else { return nil }
        return OneRepMax.epley(weightGrams: weightGrams, reps: reps)
    }

    /// Whether there is an estimate that comes from too many repetitions to be sure.
    public var isEstimateUnsure: Bool { estimatedOneRepMax != nil && OneRepMax.isUnsure(reps: reps ?? 0) }

    /// Every fault of the values, as (member, what is wrong).
    public var faults: [(member: String, detail: String)] {
        var faults: [(String, String)] = []
        func check(_ value: Int64?, _ range: ClosedRange<Int64>, _ member: String, _ bounds: String) {
            if let value, !range.contains(value) { faults.append((member, "must be \(bounds)")) }
        }
        check(weightGrams, 0...1_000_000, "weightKg", "0…1000 kg")
        check(reps, 0...1000, "reps", "0…1000")
        check(rpeTenths, 10...100, "rpe", "1…10 in steps of 0.5")
        if let rpeTenths, (10...100).contains(rpeTenths), rpeTenths % 5 != 0 {
            faults.append(("rpe", "must be 1…10 in steps of 0.5"))
        }
        check(rir, 0...10, "rir", "0…10")
        check(durationMilliseconds, 0...86_400_000, "durationSeconds", "0…86400 s")
        check(distanceMillimeters, 0...1_000_000_000, "distanceMeters", "0…1000000 m")
        if reps == nil, durationMilliseconds == nil, distanceMillimeters == nil {
            faults.append(("reps", "a set needs reps, a duration or a distance"))
        }
        return faults
    }
}
